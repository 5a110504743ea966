"""What each column of a bucket stands for: how buckets merge, and which column draws the curve."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lakehouse.history.query import Row

Merge = Callable[[Sequence[Any]], Any]

RAW_CURVES: Mapping[str, str] = {"sentiment": "score", "prediction": "predicted_price", "prix": "price"}
BUCKET_CURVES: Mapping[str, str] = {"sentiment": "mean", "prix": "close"}


def _first(values: Sequence[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _last(values: Sequence[Any]) -> Any:
    return values[-1]


def _least(values: Sequence[Any]) -> Any:
    return min((value for value in values if value is not None), default=None)


def _greatest(values: Sequence[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


def _total(values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _any_bit(values: Sequence[int]) -> int:
    bits = 0
    for value in values:
        bits |= value
    return bits


# Buckets that are left out of a curve go into the kept one after them, which stays what it is on the curve.
_MERGES: Mapping[str, Merge] = {
    "event_time": _last,
    "mean": _last,
    "close": _last,
    "open": _first,
    "min": _least,
    "low": _least,
    "max": _greatest,
    "high": _greatest,
    "count": _total,
    "positive": _total,
    "negative": _total,
    "volume": _total,
    "origins": _any_bit,
    "complete": _last,
    "filled": all,
}


def merge_buckets(columns: Sequence[str], rows: Sequence[Row]) -> Row:
    """Consecutive buckets as one that ends with the last of them: counts summed, extremes kept."""
    if len(rows) == 1:
        return rows[0]
    return tuple(_MERGES[name](values) for name, values in zip(columns, zip(*rows, strict=True), strict=True))
