"""What every scorer is: passages in, polarities out, with the terms that carried them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

POSITIVE, NEUTRAL, NEGATIVE = "positive", "neutral", "negative"
SCORED_LABELS = (NEGATIVE, NEUTRAL, POSITIVE)


@dataclass(frozen=True, slots=True)
class Passage:
    """What a text says of one asset, which is called TARGET in it, and the language of the text."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Polarity:
    """How a passage speaks of its asset: from -1 to 1, what the scorer decided, and why. It is no probability."""

    score: float
    label: str
    terms: tuple[str, ...]


class Scorer(Protocol):
    """A model that scores passages. The same passage, version and libraries give the same polarity."""

    @property
    def model(self) -> str:
        """Name of the model, as results carry it."""

    @property
    def version(self) -> str:
        """Changes whenever a polarity may."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages that it speaks; a passage in another one must not be given to it."""

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        """One polarity for each passage, in order."""
