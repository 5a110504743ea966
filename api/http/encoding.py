"""JSON encoding by msgspec, since answers are long lists of points."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from lakehouse.time_range import SECOND_US

PROBLEM_MEDIA_TYPE = "application/problem+json"
_ENCODER = msgspec.json.Encoder()


def encode_json(value: Any) -> bytes:
    """Return a value as JSON."""
    return _ENCODER.encode(value)


def format_times(instants_us: Sequence[int]) -> list[str]:
    """Return instants in RFC 3339 and UTC, as `lakehouse.time_range.format_us` does, many at once.

    >>> format_times([1767225600000000, 1767225600250000])
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.250000Z']
    """
    instants = np.asarray(instants_us, dtype=np.int64)
    if not (instants % SECOND_US).any():
        return [f"{text}Z" for text in np.datetime_as_string(instants.astype("M8[us]"), unit="s").tolist()]
    texts = np.datetime_as_string(instants.astype("M8[us]"), unit="us").tolist()
    return [f"{text[:19]}Z" if text.endswith(".000000") else f"{text}Z" for text in texts]
