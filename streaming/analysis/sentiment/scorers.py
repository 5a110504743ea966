"""Scorers by name, each built once in a process."""

from collections.abc import Callable, Mapping
from functools import cache

from lakehouse.sentiment_models.model import SentimentModel
from streaming.analysis.sentiment.scorer import Scorer
from streaming.analysis.sentiment.semantic.loading import EncoderSettings, load_vectors
from streaming.analysis.sentiment.semantic.own_model import read_own_model
from streaming.analysis.sentiment.semantic.semantic_scorer import MODEL as E5_LOGISTIC
from streaming.analysis.sentiment.semantic.semantic_scorer import SemanticScorer
from streaming.analysis.sentiment.vader_scorer import MODEL as VADER_CRYPTO
from streaming.analysis.sentiment.vader_scorer import VaderScorer

NO_SETTINGS = EncoderSettings()


@cache
def lexicon_scorer() -> Scorer:
    """Return the scorer that needs nothing but this package."""
    return VaderScorer()


def trained_scorer(model: SentimentModel, encoder: EncoderSettings = NO_SETTINGS) -> Scorer:
    """Return the scorer of a trained model. Raises: EncoderError, SentimentModelError."""
    return SemanticScorer(model, load_vectors(encoder))


def _own(encoder: EncoderSettings) -> Scorer:
    return trained_scorer(read_own_model(), encoder)


SCORERS: Mapping[str, Callable[[EncoderSettings], Scorer]] = {
    VADER_CRYPTO: lambda _: lexicon_scorer(),
    E5_LOGISTIC: _own,
}


@cache
def scorer_named(name: str, encoder: EncoderSettings = NO_SETTINGS) -> Scorer:
    """Return the scorer, built at the first call. Raises: KeyError for an unknown name, EncoderError."""
    return SCORERS[name](encoder)
