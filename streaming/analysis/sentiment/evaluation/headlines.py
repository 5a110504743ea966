"""The labelled headlines as passages: one for each asset that a headline is labelled for."""

from dataclasses import dataclass
from pathlib import Path

from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.scorer import NEGATIVE, NEUTRAL, POSITIVE, Passage

DIRECTORY = Path(__file__).parent
SPLITS = ("training", "held_out")
LABELS = {"+": POSITIVE, "0": NEUTRAL, "-": NEGATIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPassage:
    """What a headline says of one asset, and its label. An asset that was not found gets the whole headline."""

    title: str
    symbol: str
    passage: Passage
    label: str


def read_headlines(split: str, language: str) -> list[tuple[str, dict[str, str]]]:
    """Each headline of a split with its label per asset."""
    lines = (DIRECTORY / f"{split}_{language}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [
        (
            title,
            {symbol: LABELS[sign] for symbol, _, sign in (told.partition("=") for told in labels.split())},
        )
        for labels, title in rows
    ]


def read_passages(split: str, language: str) -> list[LabelledPassage]:
    """Each (headline, asset) of a split, as the scorers get it."""
    passages = []
    for title, labels in read_headlines(split, language):
        found = {mention.symbol: mention.passage for mention in find_mentions(title)}
        passages += [
            LabelledPassage(
                title=title, symbol=symbol, passage=Passage(found.get(symbol, title), language), label=label
            )
            for symbol, label in labels.items()
        ]
    return passages
