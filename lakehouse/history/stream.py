"""The rows of a large answer, slice by slice in ascending time: a few thousand in memory, however many there are."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lakehouse.errors import BusyError
from lakehouse.history.cursor import Cursor
from lakehouse.history.file_sources import fetch_gold
from lakehouse.history.page import WAIT_SECONDS, HistoryReader, read_pinned
from lakehouse.history.pinning import PinnedQuery, story_tables
from lakehouse.history.query import HistoryQuery, Row
from lakehouse.history.stories import fingerprint_stories
from lakehouse.series.definitions import SENTIMENT
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

SLICE_ROWS = 10_000
BUSY_ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStream:
    """A page too large to hold. ``slices`` may be read once; the first of them is read already.

    ``fingerprint`` is the same as long as the rows of the range are: a row never changes, so its key stands for it.
    """

    columns: tuple[str, ...]
    slices: Iterator[list[Row]]
    next: Cursor | None
    pinned: PinnedQuery
    fingerprint: str
    n_rows: int


@dataclass(frozen=True, slots=True)
class _Slice:
    """A range and the number of its newest rows that belong to the answer."""

    time_range: TimeRange
    n_rows: int


@dataclass(frozen=True, slots=True)
class _Slices:
    """Slices in ascending time, and the number and the fingerprint of all rows of the range."""

    slices: Sequence[_Slice]
    n_rows: int
    fingerprint: str


def stream_history(lake: "Lake", query: HistoryQuery, *, wait_seconds: float = WAIT_SECONDS) -> HistoryStream:
    """Return the newest ``limit`` rows of a range (no buckets) as a stream. Raises what `read_history` raises."""
    if not query.is_raw:
        raise ValueError("buckets are never so many that they need a stream")
    return read_pinned(lake, query, partial(_open_stream, lake), wait_seconds=wait_seconds)


def _open_stream(lake: "Lake", reader: HistoryReader) -> HistoryStream:
    pinned, limit = reader.pinned, reader.pinned.query.limit
    cut = _cut_range(reader)
    oldest = _read_slice(reader, cut.slices[0]) if cut.slices else []
    columns, first = reader.to_points(oldest)
    fingerprint = cut.fingerprint
    if pinned.query.series is SENTIMENT:
        fingerprint += f" {fingerprint_stories(reader.stores, pinned)}"
    return HistoryStream(
        columns=columns,
        slices=_read_slices(lake, reader, first, cut.slices[1:]),
        next=reader.next_cursor(oldest[0]) if cut.n_rows > limit else None,
        pinned=pinned,
        fingerprint=fingerprint,
        n_rows=min(cut.n_rows, limit),
    )


def _cut_range(reader: HistoryReader) -> _Slices:
    """Cut what is left of a range into slices of about SLICE_ROWS rows; rows of one instant are never parted."""
    slices: list[_Slice] = []
    n_rows, fingerprints = 0, []
    for pinned, time_range in reversed(reader.pinned.parts(reader.pinned.query.rest)):
        cut = _cut_part(reader.on(pinned), time_range, max(0, pinned.query.limit - n_rows))
        slices += cut.slices
        n_rows += cut.n_rows
        fingerprints.append(cut.fingerprint)
    return _Slices(slices[::-1], n_rows, " ".join(fingerprints))


def _cut_part(reader: HistoryReader, time_range: TimeRange, limit: int) -> _Slices:
    """Cut a range of one market, newest slice first; where no row of it is asked for, only count its rows."""
    pinned, query = reader.pinned, reader.pinned.query
    statement = query.series.bounds_statement(
        time_column=query.axis, equal=pinned.equal, after_key=query.cursor is not None
    )
    bound = {**pinned.equal, **pinned.bound_key, "limit": max(limit, 1), "slice": SLICE_ROWS}
    rows = fetch_gold(reader.stores.session, pinned, statement, time_range, **bound)
    slices, end_us, n_before = [], time_range.end_us, 0
    for start_us, n_from, *_ in rows if limit else ():
        if start_us < end_us:
            slices.append(_Slice(TimeRange(start_us, end_us), min(n_from, limit) - n_before))
            end_us, n_before = start_us, n_from
    _, _, n_rows, fingerprint = rows[0] if rows else (0, 0, 0, "")
    return _Slices(slices, n_rows, fingerprint)


def _read_slice(reader: HistoryReader, part: _Slice) -> list[Row]:
    query = replace(reader.pinned.query, time_range=part.time_range)
    return reader.on(replace(reader.pinned, query=query)).read_rows(part.n_rows)[::-1]


def _read_slices(
    lake: "Lake", reader: HistoryReader, first: list[Row], slices: Sequence[_Slice]
) -> Iterator[list[Row]]:
    yield first
    pinned, positions, build_id = (
        reader.pinned,
        reader.pinned.positions,
        reader.pinned.snapshot.build.build_id,
    )
    snapshot: Snapshot | None = pinned.snapshot

    def pin() -> "Snapshot":
        nonlocal snapshot
        current, snapshot = snapshot, None
        if current is not None:
            return current
        return lake.snapshot_covering(
            positions,
            build_id=build_id,
            optional=story_tables(pinned.query),
            tail_of=pinned.query.symbol,
        )

    for part in slices:

        def ask(current: "Snapshot", part: _Slice = part) -> tuple["Snapshot", list[Row]]:
            own = reader.on(pinned.on(current, positions))
            return current, own.to_points(_read_slice(own, part))[1]

        snapshot, rows = _read_with_retries(partial(lake.read, pin, ask))
        yield rows


def _read_with_retries(read: Callable[[], Answer]) -> Answer:
    """Read while the query limiter is busy several times: the client has the beginning of the answer already."""
    for _ in range(BUSY_ATTEMPTS - 1):
        try:
            return read()
        except BusyError as error:
            logger.info("stream waits reason=%s", error)
    return read()
