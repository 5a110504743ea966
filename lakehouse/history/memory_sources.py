"""Sources in memory: the columnar cache of recent days, and hourly partial sums."""

from collections.abc import Sequence
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


class CachedRows:
    """Rows of the newest days of a range: at first of one day, then of twice as many at each step."""

    def __init__(self, cache: "ColumnCache", pinned: PinnedQuery, columns: Sequence[str]) -> None:
        self._cache = cache
        self._pinned = pinned
        self._columns = columns
        self._n_days, self._n_days_left = 1, cache.max_days
        self._rows: SelectedRows | None = None

    def covers(self, rest: TimeRange) -> TimeRange:
        query, nothing = self._pinned.query, newest_part(rest, rest.end_us)
        n_days = min(self._n_days, self._n_days_left)
        if not self._cache.is_on or query.axis != query.series.time_column or n_days == 0:
            return nothing
        end_day = (rest.end_us - 1) // DAY_US + 1
        covered = newest_part(rest, (end_day - n_days) * DAY_US)
        self._rows = select_cached(self._cache, self._pinned, covered, with_text=True)
        self._n_days, self._n_days_left = 2 * n_days, self._n_days_left - n_days
        return nothing if self._rows is None else covered

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        cursor = self._pinned.query.cursor
        before_key = None if cursor is None else cursor.last_key
        return [] if self._rows is None else self._rows.newest(n_rows, self._columns, before_key=before_key)


class CachedBuckets:
    """Buckets of a range of a few days."""

    def __init__(self, cache: "ColumnCache", pinned: PinnedQuery) -> None:
        self._cache = cache
        self._pinned = pinned
        self._rows: SelectedRows | None = None

    def covers(self, rest: TimeRange) -> TimeRange:
        covered = self._pinned.retained(rest)
        if not covered.span_us:
            return covered
        self._rows = select_cached(self._cache, self._pinned, covered, with_text=False)
        return newest_part(rest, rest.end_us) if self._rows is None else covered

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        query = self._pinned.query
        figures = query.series.figures
        if self._rows is None or figures is None:
            return []
        sums = self._rows.sum_buckets(figures, query.width_us)
        return to_buckets(figures, sums)[::-1][:n_rows]


class HourlySums:
    """Buckets of months: partial sums, and the rows that these lack, all of them in memory."""

    def __init__(
        self, sums: "RollupStore", cache: "ColumnCache", offsets: "FileOffsets", pinned: PinnedQuery
    ) -> None:
        self._rollups = sums
        self._cache = cache
        self._offsets = offsets
        self._pinned = pinned
        self._parts: list[dict[int, Sums]] = []

    def covers(self, rest: TimeRange) -> TimeRange:
        covered, nothing = self._pinned.retained(rest), newest_part(rest, rest.end_us)
        version, query, figures = (
            self._pinned.covered_rollup,
            self._pinned.query,
            self._pinned.query.series.figures,
        )
        if version is None or figures is None or not covered.span_us:
            return nothing
        sums = self._rollups.load(version.table)
        if sums is None:
            return nothing
        aligned = align(covered, version.rollup.width_us)
        position = version.table.position
        selected = [self._select(edge) for edge in unaligned_edges(covered, aligned)]
        beyond = self._beyond(position, aligned)
        if beyond.span_us:
            selected.append(self._select(beyond, since=position))
        if any(rows is None for rows in selected):
            return nothing
        self._parts = [rows.sum_buckets(figures, query.width_us) for rows in selected if rows is not None]
        self._parts.append(sums.sum_buckets(query.symbol, aligned, query.width_us))
        return covered

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        figures = self._pinned.query.series.figures
        if figures is None:
            return []
        merged: dict[int, Sums] = {}
        for part in self._parts:
            for bucket, sums in part.items():
                merged[bucket] = merge_sums(figures, merged[bucket], sums) if bucket in merged else sums
        newest = sorted(merged, reverse=True)[:n_rows]
        return to_buckets(figures, {bucket: merged[bucket] for bucket in newest})

    def _select(self, time_range: TimeRange, since: "Position | None" = None) -> "SelectedRows | None":
        return select_cached(self._cache, self._pinned, time_range, with_text=False, since=since)

    def _beyond(self, position: "Position", aligned: TimeRange) -> TimeRange:
        """Return the part of a range in which rows beyond a position may lie, in files or in the tail."""
        gold, query = self._pinned.table, self._pinned.query
        touching = gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=aligned)
        files = self._offsets.beyond(gold, position, touching)
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
