"""Model that is shipped: trained by `cryptoviz sentiment train` on this project's own headlines."""

from pathlib import Path

import msgspec

from lakehouse.sentiment_models.model import SentimentModel

FILE = Path(__file__).parent / "own_model.json"


def read_own_model() -> SentimentModel:
    """Return the shipped model."""
    return SentimentModel.parse(msgspec.json.decode(FILE.read_bytes())["model"])
