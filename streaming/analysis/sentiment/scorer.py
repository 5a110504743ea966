"""Scorer: polarities of passages, with the terms that decided them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

POSITIVE, NEUTRAL, NEGATIVE = "positive", "neutral", "negative"
SCORED_LABELS = (NEGATIVE, NEUTRAL, POSITIVE)


@dataclass(frozen=True, slots=True)
class Passage:
    """The part of a text about one asset, which TARGET stands for in it, and the language of the text."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Polarity:
    """Score of a passage from -1 to 1, its label, and the terms that decided it.

    ``probabilities`` are calibrated, in the order of SCORED_LABELS; None of a scorer that has none. ``score`` is None
    where the scorer abstains.
    """

    score: float | None
    label: str
    terms: tuple[str, ...]
    probabilities: tuple[float, float, float] | None = None


class Scorer(Protocol):
    """A model that scores passages. The same passage, version and libraries give the same polarity."""

    @property
    def model(self) -> str:
        """Return the model's name in the results."""

    @property
    def version(self) -> str:
        """Return the version, which changes whenever a polarity may."""

    @property
    def languages(self) -> frozenset[str]:
        """Return the supported languages; a passage in another one must not be scored."""

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        """Return one polarity for each passage, in order."""
