"""A question about a symbol's history, what it is pinned to, and the page that answers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.delta.position import Position
from lakehouse.history.cursor import Cursor
from lakehouse.series.buckets import NO_FILLING
from lakehouse.series.definitions import Series
from lakehouse.series.markets import Market
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.snapshots.time_travel import PointInTime
from lakehouse.time_range import TimeRange

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """A question, resolved: nothing in it is relative. ``asked`` are the parameters as they were given.

    ``interval`` is "brut" or the width of a bucket; ``axis`` the time that the range is on; ``as_of_us`` the
    instant of the question, which decides what is still open. ``limit`` counts points before ``n_points`` thins
    them; where the question is for the ``whole`` range, more than ``limit`` of them is an error. Time travel reads
    the tables of a ``moment``, the series' own at its ``version`` where one is given.
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
    filling: str = NO_FILLING
    n_points: int | None = None
    whole: bool = False
    moment: PointInTime | None = None
    version: int | None = None
    asked: Mapping[str, str]
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Points in ascending time, as rows of ``columns``; instants are epoch microseconds. ``next`` goes back.

    ``n_read`` counts the points before they were thinned; ``n_observed`` those of them that were not filled in.
    ``retained_from_us`` is the first instant that retention has left, where the range reaches before it and points are
    missing for that; None where the answer is whole.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    n_read: int
    n_observed: int
    next: Cursor | None
    snapshot: Snapshot
    positions: Mapping[str, Position]
    market: Market | None
    retained_from_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What one page reads: tables, their cuts, the market, and until when realised prices are known.

    ``rollups`` only make the answer quicker: no page names them, no cursor holds them.
    """

    snapshot: Snapshot
    rollups: Snapshot
    cuts: Mapping[str, Position]
    market: Market | None
    realised_until_us: int

    def cut(self, table: TableSnapshot) -> Position | None:
        """The position to filter by; None where the table stands exactly there."""
        position = self.position(table)
        return None if position == table.reach else position

    def position(self, table: TableSnapshot) -> Position:
        """The position that the answer stands at: the cut's, or the table's own with its tail."""
        return self.cuts.get(table.spec.name, table.reach)

    def bound_market(self, series: Series) -> dict[str, str]:
        """The market as a statement of the series binds it; nothing where the series has none."""
        if not series.has_market or self.market is None:
            return {}
        return {"venue": self.market.venue, "quote": self.market.quote}
