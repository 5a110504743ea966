"""Features of passages for a trained model: the vectors of their texts."""

from collections.abc import Sequence

import numpy as np

from lakehouse.sentiment_models.model import Floats
from streaming.analysis.sentiment.mentions import OTHER, TARGET
from streaming.analysis.sentiment.scorer import Passage
from streaming.analysis.sentiment.semantic.vector_cache import VectorCache

RECIPE = 1
"""Changes whenever the same passage has other features."""
# What E5's authors prescribe where texts are classified, with a passage's placeholders as words.
_PREFIX = "query: "
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
