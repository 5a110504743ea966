"""Sources in memory: the columnar cache of recent days, and hourly partial sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.cache.aggregation import merge_sums, to_buckets
from lakehouse.history.file_sources import align, unaligned_edges
from lakehouse.history.pinning import PinnedQuery
from lakehouse.history.query import Row, newest_part
from lakehouse.time_range import DAY_US, TimeRange

if TYPE_CHECKING:
    from lakehouse.cache.aggregation import Sums
    from lakehouse.cache.column_cache import ColumnCache
    from lakehouse.cache.rollup_store import RollupStore
    from lakehouse.cache.symbol_columns import SelectedRows
    from lakehouse.delta.position import Position
    from lakehouse.snapshots.file_offsets import FileOffsets


@dataclass(slots=True)
class CachedRows:
    """Rows of the newest days of a range: at first of one day, then of twice as many at each step."""

    cache: "ColumnCache"
    pinned: PinnedQuery
    columns: Sequence[str]
    n_days: int = 1
    n_days_read: int = 0
    rows: "SelectedRows | None" = None

    def covers(self, rest: TimeRange) -> TimeRange:
        query, cache = self.pinned.query, self.cache
        n_days = min(self.n_days, cache.max_days - self.n_days_read)
        covered = newest_part(rest, ((rest.end_us - 1) // DAY_US + 1 - n_days) * DAY_US)
        is_held = cache.is_on and query.axis == query.series.time_column and n_days > 0
        self.rows = select_cached(cache, self.pinned, covered, with_text=True) if is_held else None
        self.n_days, self.n_days_read = 2 * n_days, self.n_days_read + n_days
        return newest_part(rest, rest.end_us) if self.rows is None else covered

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        cursor = self.pinned.query.cursor
        before_key = None if cursor is None else cursor.last_key
        return [] if self.rows is None else self.rows.newest(n_rows, self.columns, before_key=before_key)


@dataclass(slots=True)
class CachedBuckets:
    """Buckets of a range of a few days."""

    cache: "ColumnCache"
    pinned: PinnedQuery
    sums: "Mapping[int, Sums]" = field(default_factory=dict)

    def covers(self, rest: TimeRange) -> TimeRange:
        covered, query = self.pinned.retained(rest), self.pinned.query
        rows = select_cached(self.cache, self.pinned, covered, with_text=False) if covered.span_us else None
        if rows is None:
            return newest_part(rest, rest.end_us)
        self.sums = rows.sum_buckets(query.figures, query.grid)
        return covered

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        return to_buckets(self.pinned.query.figures, self.sums)[::-1][:n_rows]


@dataclass(slots=True)
class HourlySums:
    """Buckets of months: partial sums, and the rows that these lack, all of them in memory."""

    rollups: "RollupStore"
    cache: "ColumnCache"
    offsets: "FileOffsets"
    pinned: PinnedQuery
    sums: "dict[int, Sums]" = field(default_factory=dict)

    def covers(self, rest: TimeRange) -> TimeRange:
        covered, version, query = self.pinned.retained(rest), self.pinned.covered_rollup, self.pinned.query
        hours = None if version is None or not covered.span_us else self.rollups.load(version.table)
        if version is None or hours is None:
            return newest_part(rest, rest.end_us)
        aligned, position = align(covered, version.rollup.width_us), version.table.position
        selected = [self._select(edge) for edge in unaligned_edges(covered, aligned)]
        if (beyond := self._beyond(position, aligned)).span_us:
            selected.append(self._select(beyond, since=position))
        self.sums = hours.sum_buckets(query.symbol, aligned, query.grid)
        for rows in selected:
            if rows is None:
                return newest_part(rest, rest.end_us)
            for bucket, sums in rows.sum_buckets(query.figures, query.grid).items():
                known = self.sums.get(bucket)
                self.sums[bucket] = sums if known is None else merge_sums(query.figures, known, sums)
        return covered

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        newest = sorted(self.sums, reverse=True)[:n_rows]
        return to_buckets(self.pinned.query.figures, {bucket: self.sums[bucket] for bucket in newest})

    def _select(self, time_range: TimeRange, since: "Position | None" = None) -> "SelectedRows | None":
        return select_cached(self.cache, self.pinned, time_range, with_text=False, since=since)

    def _beyond(self, position: "Position", aligned: TimeRange) -> TimeRange:
        """Return the part of a range in which rows beyond a position may lie, in files or in the tail."""
        gold, query = self.pinned.table, self.pinned.query
        touching = gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=aligned)
        files = self.offsets.beyond(gold, position, touching)
        lowest, highest = (bounds[files].tolist() for bounds in gold.files.times[query.axis])
        if gold.tail is not None:
            times_us = [row.time_us for row in gold.tail.held]
            lowest, highest = lowest + times_us, highest + times_us
        start_us = max(aligned.start_us, min(lowest, default=aligned.start_us))
        end_us = min(aligned.end_us, max(highest, default=start_us - 1) + 1)
        return TimeRange(start_us, max(start_us, end_us))


def select_cached(
    cache: "ColumnCache",
    pinned: PinnedQuery,
    time_range: TimeRange,
    *,
    with_text: bool,
    since: "Position | None" = None,
) -> "SelectedRows | None":
    """Return the rows of a question within a range from the cache; None where it cannot hold their days."""
    query, table = pinned.query, pinned.table
    columns = cache.load(table, query.series, query.symbol, time_range, with_text=with_text)
    if columns is None:
        return None
    return columns.select(time_range, equal=pinned.equal, before=pinned.cut(table), since=since)
