"""Labelled headlines as passages: one for each asset with a label."""

from dataclasses import dataclass
from pathlib import Path

from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.scorer import NEGATIVE, NEUTRAL, POSITIVE, Passage

DIRECTORY = Path(__file__).parent
LABELS = {"+": POSITIVE, "0": NEUTRAL, "-": NEGATIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPassage:
    """A headline's passage about one asset, and its label; the whole headline where the asset was not detected."""

    title: str
    symbol: str
    passage: Passage
    label: str


def read_headlines(split: str, language: str) -> list[tuple[str, dict[str, str]]]:
    """Return each headline of a split with its label per asset.

    Splits are training, tuning and held_out; `read_second_labels` has the second labelling of the last.
    """
    return _read(DIRECTORY / f"{split}_{language}.tsv")


def _read(path: Path) -> list[tuple[str, dict[str, str]]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [
        (title, {symbol: LABELS[sign] for symbol, sign in (label.split("=") for label in labels.split())})
        for labels, title in rows
    ]


def read_second_labels(language: str) -> list[tuple[str, dict[str, str]]]:
    """Return the held-out headlines with the labels of the second labelling."""
    return _read(DIRECTORY / f"held_out_{language}_second.tsv")


def read_attributions() -> list[tuple[str, frozenset[str]]]:
    """Return headlines with the symbols that they speak of; many speak of none."""
    lines = (DIRECTORY / "attribution.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [(title, frozenset(symbols.split()) - {"-"}) for symbols, title in rows]


def read_passages(split: str, language: str) -> list[LabelledPassage]:
    """Return each (headline, asset) of a split, as the scorers read it."""
    passages = []
    for title, labels in read_headlines(split, language):
        detected = {mention.symbol: mention.passage for mention in find_mentions(title)}
        passages += [
            LabelledPassage(
                title=title,
                symbol=symbol,
                passage=Passage(detected.get(symbol, title), language),
                label=label,
            )
            for symbol, label in labels.items()
        ]
    return passages


def training_passages() -> list[LabelledPassage]:
    """Return the training headlines of every language."""
    return [row for language in ("en", "fr") for row in read_passages("training", language)]


def read_other_languages() -> list[tuple[str, str]]:
    """Return (language, headline) of languages that no scorer supports."""
    lines = (DIRECTORY / "other_languages.tsv").read_text(encoding="utf-8").splitlines()
    return [(language, title) for language, title in (line.split("\t") for line in lines)]
