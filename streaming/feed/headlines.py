"""Headlines of the generated texts: templates by topic, direction and language, with the terms of their score."""

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Template:
    """A headline with places for {name}, {ticker}, {percent}, {million} and {rival}, and its terms."""

    topic: str
    direction: int
    language: str
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher of texts; ``weight`` is its share of all texts."""

    source: str
    host: str
    language: str
    weight: float


TOPICS = ("adoption", "regulation", "security", "flows", "technology", "markets")

OUTLETS = (
    Outlet("chainwire", "chainwire.example", "en", 0.34),
    Outlet("ledger-daily", "ledger-daily.example", "en", 0.22),
    Outlet("tradersforum", "tradersforum.example", "en", 0.18),
    Outlet("le-journal-du-bloc", "journal-du-bloc.example", "fr", 0.16),
    Outlet("cryptohebdo", "cryptohebdo.example", "fr", 0.10),
)


def _read_templates() -> tuple[Template, ...]:
    with Path(__file__).with_suffix(".tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(
            Template(
                row["topic"],
                int(row["direction"]),
                row["language"],
                row["text"],
                tuple(row["terms"].split("|")),
            )
            for row in rows
        )


TEMPLATES = _read_templates()
