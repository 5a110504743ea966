"""Semantic scorer: a trained model on the vectors of passages."""

from collections.abc import Sequence

from lakehouse.errors import SentimentModelError
from lakehouse.sentiment_models.model import CLASSES, SentimentModel
from streaming.analysis.sentiment.scorer import Passage, Polarity
from streaming.analysis.sentiment.semantic.features import RECIPE, to_features
from streaming.analysis.sentiment.semantic.model_file import DIGEST
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache

MODEL = "e5-logistic"
_DIGITS = 4
_NEGATIVE, _POSITIVE = CLASSES.index("negative"), CLASSES.index("positive")


class SemanticScorer:
    """Scorer of a trained model. The score is p_positive - p_negative; no single term decides, so it names none.

    Raises: SentimentModelError for a model of another recipe or encoder.
    """

    model = MODEL

    def __init__(self, trained: SentimentModel, vectors: VectorCache) -> None:
        if trained.recipe != RECIPE or trained.encoder != DIGEST:
            raise SentimentModelError(
                f"model {trained.digest} is for recipe {trained.recipe} and encoder {trained.encoder[:12]}, "
                f"this code has {RECIPE} and {DIGEST[:12]}: train it again"
            )
        self._trained = trained
        self._vectors = vectors
        self.languages = frozenset(trained.languages)
        self.version = f"{RECIPE}-{trained.digest}"

    def score(self, passages: Sequence[Passage]) -> list[Polarity]:
        if not passages:
            return []
        decisions = self._trained.to_decisions(to_features(passages, self._vectors))
        shares = self._trained.to_probabilities(decisions)
        labels = decisions.argmax(axis=1)
        return [
            to_polarity(CLASSES[label], share) for label, share in zip(labels, shares.tolist(), strict=True)
        ]


def to_polarity(label: str, shares: Sequence[float]) -> Polarity:
    """Return a polarity with rounded probabilities that sum to one, and their difference as score."""
    negative, positive = round(shares[_NEGATIVE], _DIGITS), round(shares[_POSITIVE], _DIGITS)
    neutral = round(max(0.0, 1 - negative - positive), _DIGITS)
    score = round(positive - negative, _DIGITS)
    return Polarity(score, label, terms=(), probabilities=(negative, neutral, positive))
