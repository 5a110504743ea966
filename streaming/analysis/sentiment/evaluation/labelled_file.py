"""Labelled texts of a CSV file that somebody else made: read whole, or refused with the lines that are wrong."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streaming.analysis.sentiment.scorer import SCORED_LABELS
from streaming.errors import LabelsFileError

REQUIRED, OPTIONAL = ("text", "label"), ("entity", "date", "language", "lang")
_SEPARATORS = ",;\t"
_MAX_SHOWN_LINES = 10
_MAX_SHOWN_CHARACTERS = 60


def _error(path: Path, problems: Sequence[str]) -> LabelsFileError:
    shown = problems[:_MAX_SHOWN_LINES]
    rest = [f"and {len(problems) - len(shown)} more"] if len(problems) > len(shown) else []
    return LabelsFileError("\n".join((f"{path}:", *(f"  {problem}" for problem in (*shown, *rest)))))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """A text, its label of SCORED_LABELS, and what the label is about: an entity, or the text as a whole where None.

    ``line`` is that of the file at which the record ends, from 1. ``language`` and ``date`` are None where the file has
    none.
    """

    line: int
    text: str
    label: str
    entity: str | None = None
    language: str | None = None
    date: str | None = None


def read_labelled_file(path: Path, *, drop_contradictions: bool = False) -> list[LabelledText]:
    """Return the rows of a CSV file with a header of REQUIRED and perhaps OPTIONAL columns; repeated rows once.

    Fields are separated by comma, semicolon or tab, as the header has them; the file is UTF-8. Rows that say the same
    of one text and entity count once. Raises: LabelsFileError for anything else, and for labels that contradict each
    other unless they are dropped.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _error(path, [error.strerror or str(error)]) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise _error(path, [f"line {line}: no UTF-8"]) from error
    problems: list[str] = []
    rows = list(_read_rows(path, content, problems))
    if not rows and not problems:
        problems.append("no row below the header")
    contradicting = _contradictions(rows)
    if not drop_contradictions:
        problems += [_tell(group) for group in contradicting]
    if problems:
        raise _error(path, problems)
    dropped = {row.line for group in contradicting for row in group}
    return list({(row.text, row.entity): row for row in reversed(rows) if row.line not in dropped}.values())[
        ::-1
    ]


def _read_rows(path: Path, content: str, problems: list[str]) -> Iterator[LabelledText]:
    header = content.splitlines()[0] if content.splitlines() else ""
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=separator, restkey="", strict=True)
    try:
        columns = list(reader.fieldnames or ())
        _check_columns(path, columns)
        for fields in reader:
            row = _to_row(fields, reader.line_num, problems)
            if row is not None:
                yield row
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}")


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    accepted = f"accepted are {', '.join(REQUIRED)} and perhaps {', '.join(OPTIONAL)}"
    wrong = [
        *(f"line 1: no column {name}; {accepted}" for name in REQUIRED if name not in columns),
        *(
            f"line 1: unknown column {name[:_MAX_SHOWN_CHARACTERS]!r}; {accepted}"
            for name in columns
            if name not in REQUIRED + OPTIONAL
        ),
        *(f"line 1: column {name} twice" for name in REQUIRED + OPTIONAL if columns.count(name) > 1),
    ]
    if wrong:
        raise _error(path, wrong)


def _to_row(fields: Mapping[str, str | None], line: int, problems: list[str]) -> LabelledText | None:
    if "" in fields or None in fields.values():
        problems.append(f"line {line}: {'more' if '' in fields else 'fewer'} fields than the header")
        return None
    given = {name: (value or "").strip() for name, value in fields.items()}
    label = given["label"].lower()
    if label not in SCORED_LABELS:
        shown = given["label"][:_MAX_SHOWN_CHARACTERS]
        problems.append(f"line {line}: label {shown!r}; accepted are {', '.join(SCORED_LABELS)}")
        return None
    if not given["text"]:
        problems.append(f"line {line}: text is empty")
        return None
    return LabelledText(
        line=line,
        text=given["text"],
        label=label,
        entity=given.get("entity") or None,
        language=(given.get("language") or given.get("lang") or "").split("-")[0].lower() or None,
        date=given.get("date") or None,
    )


def _contradictions(rows: Sequence[LabelledText]) -> list[list[LabelledText]]:
    """Return the groups of rows that give one text and entity several labels."""
    groups: dict[tuple[str, str | None], list[LabelledText]] = {}
    for row in rows:
        groups.setdefault((row.text, row.entity), []).append(row)
    return [group for group in groups.values() if len({row.label for row in group}) > 1]


def _tell(group: Sequence[LabelledText]) -> str:
    lines = ", ".join(f"line {row.line} {row.label}" for row in group)
    return f"{lines}: contradicting labels of {group[0].text[:_MAX_SHOWN_CHARACTERS]!r}"
