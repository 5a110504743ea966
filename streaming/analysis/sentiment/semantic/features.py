"""Features of passages for a trained model: the vectors of their texts."""

from collections.abc import Sequence

import numpy as np

from lakehouse.sentiment_models.model import Floats
from streaming.analysis.sentiment.mentions import OTHER, TARGET
from streaming.analysis.sentiment.scorer import Passage
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache

RECIPE = 2
"""Changes whenever the same passage has other features."""
# E5's prefix of what is searched. By cross-validation on real titles its prefix "query: " loses 1 point of macro-F1,
# names as they are written instead of these words lose 3.
_PREFIX = "passage: "
_WORDS = {TARGET: "the coin", OTHER: "another coin"}


def to_features(passages: Sequence[Passage], vectors: VectorCache) -> Floats:
    """Return (passages, features); ``passages`` are not empty."""
    texts = [to_text(passage) for passage in passages]
    return np.stack([vectors.get(text) for text in texts]).astype(np.float64)


def to_text(passage: Passage) -> str:
    """Return the text whose vector is the passage's."""
    text = passage.text
    for placeholder, words in _WORDS.items():
        text = text.replace(placeholder, words)
    return _PREFIX + text
