"""Texts of the offline outlets: written for this project, in English and French, as data."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Text:
    """A text with places for {name}, {ticker}, {percent} and {count}; ``direction`` is 1 for good news, -1 for bad."""

    direction: int
    title: str
    summary: str

    @property
    def is_about_an_asset(self) -> bool:
        return "{name}" in self.title or "{ticker}" in self.title


@cache
def read_texts(language: str) -> tuple[Text, ...]:
    """Return the texts of one of `LANGUAGES`."""
    path = Path(__file__).with_name(f"texts_{language}.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(Text(int(row["direction"]), row["title"], row["summary"]) for row in rows)
