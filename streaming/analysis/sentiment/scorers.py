"""Scorers by name, each built once in a process."""

from collections.abc import Callable, Mapping
from functools import cache

from streaming.analysis.sentiment.scorer import Scorer

VADER_CRYPTO, TFIDF_LOGISTIC = "vader-crypto", "tfidf-logistic"
# One model feeds the series, so that its points can be compared; others are published on request.
DEFAULT_SCORERS = (VADER_CRYPTO,)


def _vader() -> Scorer:
    from streaming.analysis.sentiment.vader_scorer import VaderScorer

    return VaderScorer()


def _trained() -> Scorer:
    # scikit-learn takes two seconds and 100 MB to import: only where it is used.
    from streaming.analysis.sentiment.trained_scorer import TrainedScorer

    return TrainedScorer()


SCORERS: Mapping[str, Callable[[], Scorer]] = {VADER_CRYPTO: _vader, TFIDF_LOGISTIC: _trained}


@cache
def scorer_named(name: str) -> Scorer:
    """Return the scorer, built at the first call. Raises: KeyError for an unknown name."""
    return SCORERS[name]()
