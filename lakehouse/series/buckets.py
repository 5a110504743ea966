"""Intervals of a history: buckets aligned on the UTC epoch, and how many of them a range may have."""

from collections.abc import Mapping

from lakehouse.errors import QueryError
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, TimeRange

RAW = "brut"
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
NO_FILLING = "aucun"
NULLS = "null"
PREVIOUS = "precedent"
LINEAR = "lineaire"
FILLINGS = (NO_FILLING, NULLS, PREVIOUS, LINEAR)
"""What a bucket without events becomes: nothing, nulls, the bucket before, or a line to the bucket after."""

_AUTOMATIC_UP_TO_US = ((DAY_US, "5m"), (90 * DAY_US, "1h"))


def automatic_interval(span_us: int) -> str:
    """The interval for a span where none is asked for.

    >>> automatic_interval(86_400_000_000), automatic_interval(86_400_000_001)
    ('5m', '1h')
    """
    return next((interval for limit_us, interval in _AUTOMATIC_UP_TO_US if span_us <= limit_us), "1d")


def bucket_start(epoch_us: int, width_us: int) -> int:
    """
    >>> bucket_start(1767225600_000_000 + 299_999_999, 300_000_000) == 1767225600_000_000
    True
    """
    return epoch_us - epoch_us % width_us


def count_buckets(time_range: TimeRange, width_us: int) -> int:
    """How many buckets a range touches."""
    if time_range.span_us == 0:
        return 0
    return (time_range.end_us - 1) // width_us - time_range.start_us // width_us + 1


def check_bucket_count(time_range: TimeRange, interval: str) -> None:
    """Raises QueryError, naming the finest interval that fits, where a range has too many buckets."""
    if interval == RAW or (n_buckets := count_buckets(time_range, BUCKET_WIDTHS_US[interval])) <= MAX_BUCKETS:
        return
    fitting = next(
        name
        for name, width_us in BUCKET_WIDTHS_US.items()
        if count_buckets(time_range, width_us) <= MAX_BUCKETS
    )
    raise QueryError(
        parameter="intervalle",
        problem=f"{interval} makes {n_buckets} buckets of this range, more than {MAX_BUCKETS}",
        accepted=f"{fitting} or wider, or a shorter range",
    )
