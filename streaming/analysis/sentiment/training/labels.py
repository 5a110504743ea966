"""Files of labelled texts as passages."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from streaming.analysis.sentiment.languages import language_of
from streaming.analysis.sentiment.mentions import TARGET, find_mentions
from streaming.analysis.sentiment.readable_text import to_readable
from streaming.analysis.sentiment.scorer import SCORED_LABELS, Passage
from streaming.errors import LabelsFileError

REQUIRED, OPTIONAL = ("text", "label"), ("entity", "date", "language")
_MAX_SHOWN = 5
_NO_WORD = re.compile(r"\W+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """A passage with a person's label. Rows of one ``group`` have the same words, and stay together in every split.

    ``date`` is the text's day or instant as ISO 8601, empty where the file has none.
    """

    passage: Passage
    label: str
    group: str
    date: str


def read_labels(paths: Iterable[Path]) -> list[LabelledText]:
    """Return the labelled texts of CSV files, each once, in order.

    Raises: LabelsFileError, which names the lines with an unknown label, a wrong date, an empty text, or another label
    for the same text and entity.
    """
    rows: dict[tuple[str, str], tuple[str, LabelledText]] = {}
    problems: list[str] = []
    for path in paths:
        for line, fields in _read_rows(path):
            where = f"{path.name} line {line}"
            problem = _problem_of(fields)
            if problem:
                problems.append(f"{where}: {problem}")
                continue
            key = (" ".join(fields["text"].split()), fields["entity"].strip().lower())
            first, known = rows.setdefault(key, (where, _to_text(fields)))
            if known.label != fields["label"].strip():
                problems.append(f"{where}: label {fields['label'].strip()}, and {known.label} in {first}")
    if problems:
        shown = "; ".join(problems[:_MAX_SHOWN])
        more = f"; and {len(problems) - _MAX_SHOWN} more" if len(problems) > _MAX_SHOWN else ""
        raise LabelsFileError(shown + more)
    return [text for _, text in rows.values()]


def _read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the number of each row's last line and its fields. Raises: LabelsFileError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, reader.fieldnames or [])
            for row in reader:
                if None in row or None in row.values():
                    raise LabelsFileError(
                        f"{path.name} line {reader.line_num}: as many fields as columns are expected"
                    )
                yield reader.line_num, dict.fromkeys(OPTIONAL, "") | row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelsFileError(f"{path}: {error}") from error


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    unknown = [column for column in columns if column not in (*REQUIRED, *OPTIONAL)]
    missing = [column for column in REQUIRED if column not in columns]
    if unknown or missing or len(set(columns)) < len(columns):
        what = (
            f"unknown: {', '.join(unknown)}"
            if unknown
            else f"missing: {', '.join(missing) or 'none, but one twice'}"
        )
        raise LabelsFileError(
            f"{path.name} line 1: columns are {', '.join(REQUIRED)} and perhaps {', '.join(OPTIONAL)}; {what}"
        )


def _problem_of(fields: Mapping[str, str]) -> str:
    if not fields["text"].strip():
        return "text is empty"
    if fields["label"].strip() not in SCORED_LABELS:
        return f"label is {fields['label'][:30]!r}, one of {', '.join(SCORED_LABELS)} is accepted"
    try:
        if fields["date"]:
            datetime.fromisoformat(fields["date"])
    except ValueError:
        return f"date is {fields['date'][:30]!r}, ISO 8601 such as 2026-01-31 is accepted"
    return ""


def _to_text(fields: Mapping[str, str]) -> LabelledText:
    text = fields["text"]
    language = fields["language"].split("-")[0].lower() or language_of(text)
    return LabelledText(
        passage=Passage(_to_passage(text, fields["entity"].strip()), language),
        label=fields["label"].strip(),
        group=_NO_WORD.sub(" ", text.casefold()).strip() or text,
        date=fields["date"],
    )


def _to_passage(text: str, entity: str) -> str:
    """Return what a scorer would read: the passage about the entity, or about the one asset; else the text whole."""
    mentions = {mention.symbol: mention.passage for mention in find_mentions(text)}
    if entity.lower() in mentions:
        return mentions[entity.lower()]
    if entity:
        return re.sub(re.escape(entity), TARGET, to_readable(text), flags=re.IGNORECASE)
    return next(iter(mentions.values())) if len(mentions) == 1 else to_readable(text)
