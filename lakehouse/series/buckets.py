"""Intervals of a history: buckets aligned on the UTC epoch, and how many of them a range may have."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from lakehouse.errors import QueryError
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, TimeRange

RAW = "raw"
"""The interval of a question for rows."""
BUCKET_WIDTHS_US: Mapping[str, int] = {
    "1m": MINUTE_US,
    "5m": 5 * MINUTE_US,
    "15m": 15 * MINUTE_US,
    "1h": HOUR_US,
    "4h": 4 * HOUR_US,
    "1d": DAY_US,
}
INTERVALS = (RAW, *BUCKET_WIDTHS_US)
MAX_BUCKETS = 50_000

_AUTOMATIC_UP_TO_US = ((DAY_US, "5m"), (90 * DAY_US, "1h"))


class Filling(StrEnum):
    """The values of a bucket without events: none at all, nulls, those of the bucket before, or of a line."""

    NONE = "none"
    NULL = "null"
    PREVIOUS = "previous"
    LINEAR = "linear"


def automatic_interval(span_us: int) -> str:
    """Return the interval for a span where none is asked for.

    >>> automatic_interval(86_400_000_000), automatic_interval(86_400_000_001)
    ('5m', '1h')
    """
    return next((interval for limit_us, interval in _AUTOMATIC_UP_TO_US if span_us <= limit_us), "1d")


def bucket_start(epoch_us: int, width_us: int) -> int:
    """Return the start of the bucket of an instant.

    >>> bucket_start(1767225600_000_000 + 299_999_999, 300_000_000) == 1767225600_000_000
    True
    """
    return epoch_us - epoch_us % width_us


def bucket_of(width_us: int) -> Callable[[int], TimeRange]:
    """Return the function from an instant to its bucket.

    >>> bucket_of(10)(25)
    TimeRange(start_us=20, end_us=30)
    """

    def bucket_at(epoch_us: int) -> TimeRange:
        start_us = bucket_start(epoch_us, width_us)
        return TimeRange(start_us, start_us + width_us)

    return bucket_at


def count_buckets(time_range: TimeRange, width_us: int) -> int:
    """Count the buckets that a range touches."""
    if time_range.span_us == 0:
        return 0
    return (time_range.end_us - 1) // width_us - time_range.start_us // width_us + 1


def check_bucket_count(time_range: TimeRange, interval: str) -> None:
    """Check that a range has at most MAX_BUCKETS buckets.

    Raises: QueryError, naming the finest interval that fits.
    """
    if interval == RAW or (n_buckets := count_buckets(time_range, BUCKET_WIDTHS_US[interval])) <= MAX_BUCKETS:
        return
    fitting = next(
        name
        for name, width_us in BUCKET_WIDTHS_US.items()
        if count_buckets(time_range, width_us) <= MAX_BUCKETS
    )
    raise QueryError(
        parameter="interval",
        problem=f"{interval} makes {n_buckets} buckets of this range, more than {MAX_BUCKETS}",
        accepted=f"{fitting} or wider, or a shorter range",
    )
