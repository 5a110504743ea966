"""Intervals of a history: their grids of buckets, and how many of them a range may have."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from lakehouse.errors import QueryError
from lakehouse.series.grid import MONDAY_US, UTC_ZONE, CalendarGrid, FixedGrid, Grid, Unit
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, TimeRange

RAW = "raw"
"""The interval of a question for rows."""
BUCKET_WIDTHS_US: Mapping[str, int] = {
    "1m": MINUTE_US,
    "5m": 5 * MINUTE_US,
    "15m": 15 * MINUTE_US,
    "30m": 30 * MINUTE_US,
    "1h": HOUR_US,
    "2h": 2 * HOUR_US,
    "4h": 4 * HOUR_US,
    "12h": 12 * HOUR_US,
    "1d": DAY_US,
}
"""Widths of buckets that are alike in every time zone, but for days."""
CALENDAR_UNITS: Mapping[str, Unit] = {"1d": Unit.DAY, "1w": Unit.WEEK, "1M": Unit.MONTH}
"""Intervals that have a time zone."""
BUCKET_INTERVALS = (*BUCKET_WIDTHS_US, *(name for name in CALENDAR_UNITS if name not in BUCKET_WIDTHS_US))
INTERVALS = (RAW, *BUCKET_INTERVALS)
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


@cache
def grid_of(interval: str, zone: str = UTC_ZONE) -> Grid:
    """Return the buckets of an interval; those of days and longer are of a time zone.

    >>> grid_of("1w").start(1767225600_000_000) == 1766966400_000_000  # a Thursday and its Monday
    True
    """
    if (zone != UTC_ZONE and interval in CALENDAR_UNITS) or interval == "1M":
        return CalendarGrid(CALENDAR_UNITS[interval], ZoneInfo(zone))
    if interval == "1w":
        return FixedGrid(7 * DAY_US, MONDAY_US)
    return FixedGrid(1 if interval == RAW else BUCKET_WIDTHS_US[interval])


def check_bucket_count(time_range: TimeRange, interval: str, zone: str = UTC_ZONE) -> None:
    """Check that a range has at most MAX_BUCKETS buckets.

    Raises: QueryError, naming the finest interval that fits.
    """
    if interval == RAW or (n_buckets := grid_of(interval, zone).count(time_range)) <= MAX_BUCKETS:
        return
    fitting = next(name for name in BUCKET_INTERVALS if grid_of(name, zone).count(time_range) <= MAX_BUCKETS)
    raise QueryError(
        parameter="interval",
        problem=f"{interval} makes {n_buckets} buckets of this range, more than {MAX_BUCKETS}",
        accepted=f"{fitting} or wider, or a shorter range",
    )
