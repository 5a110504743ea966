"""Grids of consecutive buckets: of one width on the UTC epoch, or of days, weeks and months of a time zone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt

from lakehouse.time_range import DAY_US, HOUR_US, TimeRange, to_time, to_us

Integers = npt.NDArray[np.int64]
UTC_ZONE = "UTC"
MONDAY_US = -3 * DAY_US
"""The Monday before the epoch, a Thursday."""


class Unit(StrEnum):
    """Unit of a calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class FixedGrid:
    """Buckets of one width; one of them begins at ``origin_us``, which no instant that is asked about is before."""

    width_us: int
    origin_us: int = 0

    @property
    def longest_us(self) -> int:
        """Width of the longest bucket."""
        return self.width_us

    def start(self, epoch_us: int) -> int:
        """Return the start of the bucket of an instant."""
        return epoch_us - (epoch_us - self.origin_us) % self.width_us

    def end(self, start_us: int) -> int:
        """Return the end of the bucket that begins at an instant."""
        return start_us + self.width_us

    def back(self, end_us: int, n_buckets: int) -> int:
        """Return the start of the n-th bucket before the end of one."""
        return end_us - n_buckets * self.width_us

    def starts(self, time_range: TimeRange) -> Sequence[int]:
        """Return the starts of the buckets that a range touches, ascending."""
        if not time_range.span_us:
            return ()
        return range(self.start(time_range.start_us), time_range.end_us, self.width_us)

    def count(self, time_range: TimeRange) -> int:
        """Count the buckets that a range touches."""
        return len(self.starts(time_range))

    def floor(self, times: Integers) -> Integers:
        """Return the start of the bucket of each instant."""
        floored: Integers = times - (times - self.origin_us) % self.width_us
        return floored

    def unit_us(self, time_range: TimeRange) -> int:
        """Return the widest span of which every bucket of a range is made up, counted from the epoch."""
        return gcd(self.width_us, self.origin_us)

    def bind(self, time_range: TimeRange) -> dict[str, Any]:
        """Return what a statement over rows of a range binds for `bucket_sql`."""
        return {"width": self.width_us, "origin": self.origin_us}


@dataclass(frozen=True, slots=True)
class CalendarGrid:
    """Days, weeks from Monday or months of a time zone, as long as its clocks make them.

    A bucket begins when its first day does: where clocks skip midnight when they go on, where midnight comes twice the
    first time. A day that a zone left out has no bucket.
    """

    unit: Unit
    zone: ZoneInfo

    @property
    def longest_us(self) -> int:
        """Width that no bucket exceeds by more than the clocks are changed by."""
        return {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}[self.unit] * DAY_US + 2 * HOUR_US

    def start(self, epoch_us: int) -> int:
        """Return the start of the bucket of an instant."""
        first = self._first_day(to_time(epoch_us).astimezone(self.zone).date())
        while (start_us := self._midnight(first)) > epoch_us:
            first = self._first_day(first - timedelta(days=1))
        return start_us

    def end(self, start_us: int) -> int:
        """Return the end of the bucket that begins at an instant."""
        following = to_time(start_us).astimezone(self.zone).date()
        while True:
            following = self._following(self._first_day(following))
            if (end_us := self._midnight(following)) > start_us:
                return end_us

    def back(self, end_us: int, n_buckets: int) -> int:
        """Return the start of the n-th bucket before the end of one; of the epoch's where there are fewer."""
        for _ in range(n_buckets):
            if end_us <= 0:
                break
            end_us = self.start(end_us - 1)
        return end_us

    def starts(self, time_range: TimeRange) -> Sequence[int]:
        """Return the starts of the buckets that a range touches, ascending."""
        return _calendar_starts(self, time_range) if time_range.span_us else ()

    def count(self, time_range: TimeRange) -> int:
        """Count the buckets that a range touches, at most."""
        shortest_us = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28}[self.unit] * DAY_US - 2 * HOUR_US
        return 0 if not time_range.span_us else time_range.span_us // shortest_us + 2

    def floor(self, times: Integers) -> Integers:
        """Return the start of the bucket of each instant."""
        starts = self.starts(TimeRange(int(times.min()), int(times.max()) + 1))
        edges = np.array(starts, dtype=np.int64)
        floored: Integers = edges[np.searchsorted(edges, times, side="right") - 1]
        return floored

    def unit_us(self, time_range: TimeRange) -> int:
        """Return the widest span of which every bucket of a range is made up, counted from the epoch."""
        starts = self.starts(time_range)
        return gcd(HOUR_US, *starts, *(self.end(start_us) for start_us in starts[-1:]))

    def bind(self, time_range: TimeRange) -> dict[str, Any]:
        """Return what a statement over rows of a range binds for `bucket_sql`."""
        return {"starts": list(self.starts(time_range))}

    def _first_day(self, day: date) -> date:
        if self.unit is Unit.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self.unit is Unit.MONTH else day

    def _following(self, first: date) -> date:
        if self.unit is Unit.MONTH:
            return (first + timedelta(days=31)).replace(day=1)
        return first + timedelta(days=7 if self.unit is Unit.WEEK else 1)

    def _midnight(self, day: date) -> int:
        return to_us(datetime.combine(day, time(), tzinfo=self.zone))


@lru_cache(maxsize=128)
def _calendar_starts(grid: CalendarGrid, time_range: TimeRange) -> tuple[int, ...]:
    starts = [grid.start(time_range.start_us)]
    while (following := grid.end(starts[-1])) < time_range.end_us:
        starts.append(following)
    return tuple(starts)


Grid = FixedGrid | CalendarGrid


def bucket_at(grid: Grid) -> Callable[[int], TimeRange]:
    """Return the function from an instant to its bucket.

    >>> bucket_at(FixedGrid(10))(25)
    TimeRange(start_us=20, end_us=30)
    """

    def find(epoch_us: int) -> TimeRange:
        start_us = grid.start(epoch_us)
        return TimeRange(start_us, grid.end(start_us))

    return find


def ceiling(grid: Grid, epoch_us: int) -> int:
    """Return the first start of a bucket at or after an instant."""
    start_us = grid.start(epoch_us)
    return start_us if start_us == epoch_us else grid.end(start_us)


def bucket_sql(time: str, *, is_fixed: bool) -> tuple[str, str]:
    """Return SQL of the start of a row's bucket, and the join that it needs, by the column of its time."""
    if is_fixed:
        return f"(epoch_us({time}) - $origin) // $width * $width + $origin", ""
    edges = "(SELECT unnest($starts::BIGINT[]) AS edge_us)"
    return "edge_us", f"ASOF JOIN {edges} AS edges ON epoch_us({time}) >= edge_us"


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the time zones of this machine."""
    return frozenset(available_timezones())
