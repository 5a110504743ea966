"""Sources in files, read by DuckDB: gold's rows, and the partial sums of rollups with the rows that these lack.

A rollup never changes an answer. It holds the rows before its position; of gold, only the rows beyond that are read,
and those of the minutes or hours that the range's edges cut. What retention has taken from gold is in rollups alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.engine.position_sql import bind_position
from lakehouse.history.pinning import PinnedQuery, RollupVersion
from lakehouse.history.query import Row, newest_part
from lakehouse.series.grid import FixedGrid, Grid
from lakehouse.series.rollups import answer_statement
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.delta.file_index import FileSelection
    from lakehouse.engine.duckdb_session import DuckdbSession
    from lakehouse.snapshots.file_offsets import FileOffsets

# Up to this many rows in the selected files, one scan of all is quicker than several of ever more of them.
ROWS_OF_ONE_SCAN = 300_000
_FIRST_SCAN_SHARE = 64
_SCAN_FACTOR = 4
MIN_ROLLUP_SPEEDUP = 2


@dataclass(frozen=True, slots=True)
class GoldRows:
    """Rows of gold, each ending in its key."""

    session: "DuckdbSession"
    pinned: PinnedQuery
    columns: Sequence[str]

    def covers(self, rest: TimeRange) -> TimeRange:
        return rest

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        pinned, query = self.pinned, self.pinned.query
        statement = query.series.raw_statement(
            self.columns, time_column=query.axis, equal=pinned.equal, after_key=query.cursor is not None
        )
        bound = {**pinned.equal, **pinned.bound_key, "limit": n_rows}
        return _scan_gold(self.session, pinned, statement, covered, n_rows, bound)


@dataclass(frozen=True, slots=True)
class GoldBuckets:
    """Buckets of gold's rows."""

    session: "DuckdbSession"
    pinned: PinnedQuery

    def covers(self, rest: TimeRange) -> TimeRange:
        return self.pinned.retained(rest)

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        pinned = self.pinned
        bound = {**pinned.bound_market, "limit": n_rows}
        grid = pinned.query.grid
        statement = pinned.query.series.bucket_statement(is_fixed=isinstance(grid, FixedGrid))
        return _scan_gold(self.session, pinned, statement, covered, n_rows, bound, grid=grid)


@dataclass(frozen=True, slots=True)
class _Selection:
    """Files of partial sums of the minutes or hours that a range holds whole, and files of rows of gold."""

    aligned: TimeRange
    partial: "FileSelection"
    rows: "FileSelection"

    @property
    def n_rows(self) -> int:
        return self.partial.n_rows + self.rows.n_rows


@dataclass(frozen=True, slots=True)
class RollupBuckets:
    """Buckets from partial sums, and from gold the rows that these lack, where that spares most of the scan.

    Where a minute has one row, its partial sum is only wider.
    """

    session: "DuckdbSession"
    offsets: "FileOffsets"
    pinned: PinnedQuery
    version: RollupVersion | None

    def covers(self, rest: TimeRange) -> TimeRange:
        covered = self.pinned.retained(rest)
        if self.version is not None and covered.span_us:
            n_rows = self._select(self.version, covered).n_rows
            if MIN_ROLLUP_SPEEDUP * n_rows <= self.pinned.count_rows(covered):
                return covered
        return newest_part(rest, rest.end_us)

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        version, query = self.version, self.pinned.query
        if version is None:
            return []
        bound = {"symbol": query.symbol, "limit": n_rows, **self.pinned.bound_market}

        def count(time_range: TimeRange) -> int:
            return self._select(version, time_range).n_rows

        def fetch(time_range: TimeRange) -> list[Row]:
            return self._fetch(version, time_range, bound)

        return scan_backwards(covered, n_rows=n_rows, grid=query.grid, count=count, fetch=fetch)

    def _fetch(self, version: RollupVersion, time_range: TimeRange, bound: dict[str, Any]) -> list[Row]:
        gold, selection = self.pinned.table, self._select(version, time_range)
        grid = self.pinned.query.grid
        bound = bound | grid.bind(time_range)
        has_partial = bool(selection.partial.paths)
        has_rows = bool(selection.rows.paths) or gold.tail_rows is not None
        if not has_partial and not has_rows:
            return []
        if has_partial:
            bound = bound | {"partial_files": selection.partial.paths}
        if has_rows:
            folded = bind_position(version.table.position, "folded")
            bound = bound | folded | {"start": time_range.start_time, "end": time_range.end_time}
        return self.session.fetch_rows(
            answer_statement(
                version.rollup,
                has_partial=has_partial,
                has_rows=has_rows,
                is_fixed=isinstance(grid, FixedGrid),
            ),
            selection.rows.paths,
            spec=gold.spec,
            before=self.pinned.cut(gold) if has_rows else None,
            tail=gold.tail_rows,
            covered_start=selection.aligned.start_time,
            covered_end=selection.aligned.end_time,
            **bound,
        )

    def _select(self, version: RollupVersion, time_range: TimeRange) -> _Selection:
        gold, query = self.pinned.table, self.pinned.query
        aligned = align(time_range, version.rollup.width_us)
        touching = gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=aligned)
        rows = self.offsets.beyond(gold, version.table.position, touching)
        for edge in unaligned_edges(time_range, aligned):
            rows |= gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=edge)
        partial = version.table.files.select(
            symbol=query.symbol, time_column="bucket_time", time_range=aligned
        )
        return _Selection(aligned, partial, gold.files.selected(rows))


@dataclass(frozen=True, slots=True)
class ExpiredBuckets:
    """Buckets of what gold has expired: nothing changes any more what a rollup holds of it."""

    buckets: RollupBuckets

    def covers(self, rest: TimeRange) -> TimeRange:
        is_expired = not self.buckets.pinned.retained(rest).span_us
        return rest if is_expired and self.buckets.version is not None else newest_part(rest, rest.end_us)

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        return self.buckets.read(covered, n_rows)


def _scan_gold(
    session: "DuckdbSession",
    pinned: PinnedQuery,
    statement: str,
    covered: TimeRange,
    n_rows: int,
    bound: dict[str, Any],
    *,
    grid: Grid | None = None,
) -> list[Row]:
    """Return rows; buckets where the statement is one of a ``grid``."""

    def fetch(time_range: TimeRange) -> list[Row]:
        edges = {} if grid is None else grid.bind(time_range)
        return fetch_gold(session, pinned, statement, time_range, **bound, **edges)

    return scan_backwards(
        covered, n_rows=n_rows, grid=pinned.query.grid, count=pinned.count_rows, fetch=fetch
    )


def fetch_gold(
    session: "DuckdbSession", pinned: PinnedQuery, statement: str, time_range: TimeRange, **bound: Any
) -> list[Row]:
    """Return the rows of a statement over the question's table and tail within a range."""
    table = pinned.table
    return session.fetch_rows(
        statement,
        pinned.select(time_range).paths,
        spec=table.spec,
        before=pinned.cut(table),
        tail=table.tail_rows,
        symbol=pinned.query.symbol,
        start=time_range.start_time,
        end=time_range.end_time,
        **bound,
    )


def scan_backwards(
    time_range: TimeRange,
    *,
    n_rows: int,
    grid: Grid,
    count: Callable[[TimeRange], int],
    fetch: Callable[[TimeRange], list[Row]],
) -> list[Row]:
    """Return the newest ``n_rows`` rows of a range, newest first: from all of it where few, else from ever more of it.

    ``count`` bounds the rows to scan of a range, ``fetch`` gives at most ``n_rows`` of them. Ranges start
    with a bucket.
    """
    start_us, end_us = time_range.start_us, time_range.end_us
    if end_us <= start_us:
        return []
    span_us = max(n_rows * grid.longest_us, time_range.span_us // _FIRST_SCAN_SHARE)
    if count(time_range) <= ROWS_OF_ONE_SCAN:
        span_us = time_range.span_us
    while True:
        from_us = max(start_us, grid.start(max(end_us - span_us, 0)))
        rows = fetch(TimeRange(from_us, end_us))
        if len(rows) >= n_rows or from_us == start_us:
            return rows
        span_us *= _SCAN_FACTOR


def align(time_range: TimeRange, width_us: int) -> TimeRange:
    """Return the whole minutes or hours within a range."""
    start_us = -(-time_range.start_us // width_us) * width_us
    return TimeRange(start_us, max(start_us, time_range.end_us // width_us * width_us))


def unaligned_edges(time_range: TimeRange, aligned: TimeRange) -> list[TimeRange]:
    """Return the parts of a range outside of its whole minutes or hours."""
    if aligned.span_us == 0:
        return [time_range]
    before = TimeRange(time_range.start_us, aligned.start_us)
    after = TimeRange(aligned.end_us, time_range.end_us)
    return [edge for edge in (before, after) if edge.span_us]
