"""The rows of a large answer, slice by slice in ascending time: a few thousand in memory, however many there are."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from lakehouse.errors import BusyError
from lakehouse.history.cursor import Cursor
from lakehouse.history.page import lost_before_us, next_cursor, pin_market, read_pinned, row_key, to_points
from lakehouse.history.query import HistoryQuery, Pin, Row
from lakehouse.history.row_bounds import RowBounds, read_row_bounds
from lakehouse.history.rows import read_rows
from lakehouse.lake import WAIT_SECONDS, Lake
from lakehouse.series.buckets import RAW
from lakehouse.snapshots.pinned import Snapshot
from lakehouse.time_range import TimeRange

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

SLICE_ROWS = 10_000
BUSY_ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStream:
    """A page too large to hold. ``slices`` may be read once; the first of them is read already.

    ``fingerprint`` is the same as long as the rows of the range are: rows never change, so their keys tell.
    ``retained_from_us`` is as a page's.
    """

    columns: tuple[str, ...]
    slices: Iterator[list[Row]]
    next: Cursor | None
    pin: Pin
    fingerprint: str
    n_rows: int
    retained_from_us: int | None


@dataclass(frozen=True, slots=True)
class _Cut:
    """A stretch of a range and how many of its newest rows are wanted."""

    time_range: TimeRange
    n_rows: int


def stream_history(lake: Lake, query: HistoryQuery, *, wait_seconds: float = WAIT_SECONDS) -> HistoryStream:
    """The newest ``limit`` rows of a range (no buckets). Raises what `read_history` raises."""
    if query.interval != RAW:
        raise ValueError("buckets are never so many that they need a stream")
    return read_pinned(
        lake,
        query,
        lambda snapshot: _open_stream(lake, query, pin_market(lake, query, snapshot)),
        wait_seconds,
    )


def _open_stream(lake: Lake, query: HistoryQuery, pin: Pin) -> HistoryStream:
    bounds = _bounds(lake, query, pin)
    cuts = _to_cuts(query, bounds.boundaries)
    first, following = [], None
    if cuts:
        oldest = _read_cut(lake, query, pin, cuts[0])
        if bounds.n_rows > query.limit:
            following = next_cursor(query, pin, row_key(query, oldest[0]))
        first = oldest
    columns, shown = to_points(lake, query, pin, first)
    return HistoryStream(
        columns=columns,
        slices=_slices(lake, query, pin, shown, cuts[1:]),
        next=following,
        pin=pin,
        fingerprint=bounds.fingerprint,
        n_rows=min(bounds.n_rows, query.limit),
        retained_from_us=lost_before_us(query, pin),
    )


def _bounds(lake: Lake, query: HistoryQuery, pin: Pin) -> RowBounds:
    if query.series.has_market and pin.market is None:
        return RowBounds([], 0, "")
    return read_row_bounds(lake, query, pin, slice_rows=SLICE_ROWS)


def _to_cuts(query: HistoryQuery, boundaries: list[tuple[int, int]]) -> list[_Cut]:
    """Stretches in ascending time from (instant, rows at or after it) in descending time."""
    cuts = []
    end_us, n_before = query.time_range.end_us, 0
    for start_us, n_rows in boundaries:
        if start_us < end_us:
            wanted = min(n_rows, query.limit) - n_before
            cuts.append(_Cut(TimeRange(start_us, end_us), wanted))
            end_us, n_before = start_us, n_rows
    return cuts[::-1]


def _read_cut(lake: Lake, query: HistoryQuery, pin: Pin, cut: _Cut) -> list[Row]:
    rows = read_rows(lake, replace(query, time_range=cut.time_range, limit=cut.n_rows), pin)
    return rows[cut.n_rows - 1 :: -1]


def _slices(
    lake: Lake, query: HistoryQuery, pin: Pin, first: list[Row], cuts: list[_Cut]
) -> Iterator[list[Row]]:
    yield first
    held: Snapshot | None = pin.snapshot
    positions = {name: pin.position(table) for name, table in pin.snapshot.tables.items()}

    def pinned() -> Snapshot:
        nonlocal held
        snapshot, held = held, None
        if snapshot is not None:
            return snapshot
        return lake.snapshot_covering(positions, build_id=pin.snapshot.build.build_id, tail_of=query.symbol)

    for cut in cuts:

        def ask(snapshot: Snapshot, cut: _Cut = cut) -> tuple[Snapshot, list[Row]]:
            own = replace(pin, snapshot=snapshot, cuts=positions)
            return snapshot, to_points(lake, query, own, _read_cut(lake, query, own, cut))[1]

        held, rows = _read_with_retries(partial(lake.read, pinned, ask))
        yield rows


def _read_with_retries(read: Callable[[], Answer]) -> Answer:
    """What has begun is not given up because others ask as well: it waits for its turn several times."""
    for _ in range(BUSY_ATTEMPTS - 1):
        try:
            return read()
        except BusyError as error:
            logger.info("stream waits reason=%s", error)
    return read()
