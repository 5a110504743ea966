"""Labelled texts to train on: passages as the stream would score them, in groups of the same words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from streaming.analysis.sentiment.evaluation.attribution import hints_of, symbol_of
from streaming.analysis.sentiment.evaluation.labelled_file import LabelledText, read_labelled_file
from streaming.analysis.sentiment.languages import language_of
from streaming.analysis.sentiment.mentions import TARGET, find_mentions
from streaming.analysis.sentiment.readable_text import to_readable
from streaming.analysis.sentiment.scorer import Passage
from streaming.errors import LabelsFileError

_MAX_SHOWN = 5
_NO_WORD = re.compile(r"\W+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPassage:
    """A passage with a person's label. Rows of one ``group`` have the same words, and stay together in every split.

    ``date`` is the text's day or instant as ISO 8601, empty where the file has none.
    """

    passage: Passage
    label: str
    group: str
    date: str


def read_labels(paths: Iterable[Path]) -> list[LabelledPassage]:
    """Return the labelled passages of CSV files, each text and entity once, in order.

    Raises: LabelsFileError, which names the lines of what a file must not hold, dates that are none, and labels that
    contradict each other within a file or between two.
    """
    rows: dict[tuple[str, str | None], tuple[str, LabelledText, str | None]] = {}
    problems: list[str] = []
    for path in paths:
        in_file = read_labelled_file(path)
        for row, hint in zip(in_file, hints_of(in_file), strict=True):
            where = f"{path.name} line {row.line}"
            first, known, _ = rows.setdefault((row.text, row.entity), (where, row, hint))
            if known.label != row.label:
                problems.append(f"{where}: label {row.label}, and {known.label} in {first}")
            if not _is_date(row.date):
                problems.append(f"{where}: date {row.date!r:.40}; ISO 8601 such as 2026-01-31 is accepted")
    _raise_for(problems)
    return [_to_passage(row, hint) for _, row, hint in rows.values()]


def _raise_for(problems: Sequence[str]) -> None:
    if problems:
        more = f"; and {len(problems) - _MAX_SHOWN} more" if len(problems) > _MAX_SHOWN else ""
        raise LabelsFileError("; ".join(problems[:_MAX_SHOWN]) + more)


def _is_date(text: str | None) -> bool:
    try:
        datetime.fromisoformat(text or "2026-01-31")
    except ValueError:
        return False
    return True


def _to_passage(row: LabelledText, hint: str | None) -> LabelledPassage:
    return LabelledPassage(
        passage=Passage(_read_passage(row), row.language or language_of(row.text, hint)),
        label=row.label,
        group=_NO_WORD.sub(" ", row.text.casefold()).strip() or row.text,
        date=row.date or "",
    )


def _read_passage(row: LabelledText) -> str:
    """Return what a scorer would read: the passage about the entity, else about what is named first; else the text."""
    mentions = {mention.symbol: mention.passage for mention in find_mentions(row.text)}
    if row.entity is None:
        return next(iter(mentions.values()), to_readable(row.text))
    symbol = symbol_of(row.entity, mentions)
    if symbol in mentions:
        return mentions[symbol]
    return re.sub(re.escape(to_readable(row.entity)), TARGET, to_readable(row.text), flags=re.IGNORECASE)
