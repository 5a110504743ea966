"""A question about a symbol's history, and the page that answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lakehouse.delta.position import Position
from lakehouse.history.cursor import Cursor
from lakehouse.series.aggregates import Figures
from lakehouse.series.buckets import RAW, Filling, grid_of
from lakehouse.series.definitions import Series
from lakehouse.series.grid import UTC_ZONE, Grid
from lakehouse.series.market_schedule import MarketPart
from lakehouse.series.markets import Market
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.snapshots.pinned import Snapshot
    from lakehouse.snapshots.time_travel import PointInTime

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """A question without anything relative in it. ``parameters`` are those of a request, as they were given.

    ``interval`` is RAW or that of buckets, those of a day and longer in a time ``zone``; ``axis`` the time that the
    range is on; ``as_of_us`` the instant of the question, which decides what is still open. ``limit`` counts points
    before they are downsampled to ``n_points``; where the question is for the ``whole`` range, more than ``limit`` of
    them is an error. Time travel reads the tables of a ``moment``, the series' own at its ``version`` where one is
    given. ``known_at_us`` leaves out what the broker appended later. ``by_story``: buckets of
    sentiment count stories in place of texts.
    """

    series: Series
    symbol: str
    time_range: TimeRange
    interval: str
    limit: int
    as_of_us: int
    axis: str
    model: str | None = None
    horizon: str | None = None
    filling: Filling = Filling.NONE
    zone: str = UTC_ZONE
    n_points: int | None = None
    whole: bool = False
    moment: "PointInTime | None" = None
    version: int | None = None
    by_story: bool = False
    known_at_us: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    cursor: Cursor | None = None

    @property
    def is_raw(self) -> bool:
        return self.interval == RAW

    @property
    def grid(self) -> Grid:
        """The buckets; of rows, each of which is at an instant of its own, one a microsecond."""
        return grid_of(self.interval, self.zone)

    @property
    def figures(self) -> Figures:
        """The figures of the series' buckets. Raises ValueError where it has none."""
        if self.series.figures is None:
            raise ValueError(f"{self.series.name} has no buckets")
        return self.series.figures

    @property
    def rest(self) -> TimeRange:
        """The part of the range that a cursor leaves. Rows at the cursor's instant may be left; its bucket is not."""
        if self.cursor is None:
            return self.time_range
        start_us = self.time_range.start_us
        end_us = min(self.time_range.end_us, self.cursor.last_key[0] + int(self.is_raw))
        return TimeRange(start_us, max(start_us, end_us))


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Points in ascending time, as rows of ``columns``; instants are epoch microseconds. ``next`` goes back.

    ``n_read`` counts the points before they were downsampled; ``n_observed`` those of them that were not filled in.
    ``market`` is that of the newest part of the range; ``market_parts`` are all, ascending.
    ``retained_from_us`` is the first instant that retention has left, where the range reaches before it and points are
    missing for that; None where the answer is whole. ``has_stories`` is false where a later answer from the same rows
    may name stories that this one lacks.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    n_read: int
    n_observed: int
    next: Cursor | None
    snapshot: "Snapshot"
    positions: Mapping[str, Position]
    market: Market | None
    market_parts: Sequence[MarketPart]
    retained_from_us: int | None
    has_stories: bool = True


def newest_part(time_range: TimeRange, start_us: int) -> TimeRange:
    """Return the part of a range from an instant on; an empty range at its end where that is later.

    >>> newest_part(TimeRange(10, 20), 15), newest_part(TimeRange(10, 20), 25)
    (TimeRange(start_us=15, end_us=20), TimeRange(start_us=20, end_us=20))
    """
    return TimeRange(min(max(start_us, time_range.start_us), time_range.end_us), time_range.end_us)
