"""The buckets of a history, newest first: partial sums of a rollup, and gold's rows for what these do not hold.

A rollup never changes an answer. It holds the rows before its position; of gold, only the rows beyond that are read,
and those of the minutes or hours that the range's edges cut. What retention has taken from gold is in rollups alone.
"""

import logging
from dataclasses import dataclass
from typing import Any

from lakehouse.cache.rollup_store import join_sums
from lakehouse.delta.file_index import FileSelection
from lakehouse.engine.position_sql import bind_position
from lakehouse.errors import FileGoneError
from lakehouse.history.backward_scan import scan_backwards
from lakehouse.history.cached_buckets import read_column_buckets, read_column_sums, shown_sums
from lakehouse.history.query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.series.buckets import BUCKET_WIDTHS_US
from lakehouse.series.rollups import Rollup, answer_statement, rollup_for
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import TimeRange

MIN_ROLLUP_SPEEDUP = 2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _RollupSource:
    """A rollup, and a version of it that holds nothing beyond the answer's position."""

    rollup: Rollup
    table: TableSnapshot


@dataclass(frozen=True, slots=True)
class _Sources:
    """What a stretch is read from: partial sums of the minutes or hours that lie in it whole, and rows of gold."""

    covered: TimeRange
    partial: FileSelection
    rows: FileSelection


def read_buckets(lake: Lake, query: HistoryQuery, pin: Pin) -> list[Row]:
    """The newest ``limit + 1`` buckets before the cursor: those of a plain GROUP BY over the rows of the range."""
    asked = _asked_range(query)
    retained_from_us = pin.snapshot[query.series.table.name].retained_from_us
    if retained_from_us is None or retained_from_us <= asked.start_us:
        return _read_kept(lake, query, pin, asked)
    split_us = min(retained_from_us, asked.end_us)
    newer = _read_kept(lake, query, pin, TimeRange(split_us, asked.end_us))
    n_left = query.limit + 1 - len(newer)
    if n_left <= 0:
        return newer
    return newer + _read_expired(lake, query, pin, TimeRange(asked.start_us, split_us))[:n_left]


def is_whole(query: HistoryQuery, pin: Pin) -> bool:
    """Whether the buckets of a range are those of all rows that there ever were, although gold has expired some.

    They are not where no rollup can be asked, or where the range begins in the middle of an expired minute or hour.
    """
    retained_from_us = pin.snapshot[query.series.table.name].retained_from_us
    start_us = query.time_range.start_us
    if retained_from_us is None or retained_from_us <= start_us:
        return True
    newest = _newest_rollup(query, pin)
    if newest is None or start_us % newest.rollup.width_us:
        return False
    return newest.table.retained_from_us is None or newest.table.retained_from_us <= start_us


def _read_kept(lake: Lake, query: HistoryQuery, pin: Pin, asked: TimeRange) -> list[Row]:
    """The buckets of a range that retention has left in gold."""
    rolled = _usable_rollup(lake, query, pin)
    if rolled is not None and (held := _read_held_rollup(lake, query, pin, rolled, asked)) is not None:
        return held
    held = read_column_buckets(lake, query, pin, asked)
    if held is not None:
        return held
    if rolled is not None and _is_rollup_cheaper(lake, query, pin, rolled, asked):
        try:
            return _read_rolled(lake, query, pin, rolled, asked)
        except FileGoneError as error:
            logger.info("rollup outlived table=%s reason=%s", rolled.table.spec.name, error.problem)
    return _read_gold(lake, query, pin, asked)


def _read_expired(lake: Lake, query: HistoryQuery, pin: Pin, asked: TimeRange) -> list[Row]:
    """The buckets of a range that gold has expired: what the rollup holds of it, which nothing changes any more."""
    newest = _newest_rollup(query, pin)
    return [] if newest is None else _read_rolled(lake, query, pin, newest, asked)


def _newest_rollup(query: HistoryQuery, pin: Pin) -> _RollupSource | None:
    rollup = rollup_for(query.series.table, BUCKET_WIDTHS_US[query.interval])
    if rollup is None or rollup.table.name not in pin.rollups:
        return None
    return _RollupSource(rollup, pin.rollups[rollup.table.name])


def _usable_rollup(lake: Lake, query: HistoryQuery, pin: Pin) -> _RollupSource | None:
    newest = _newest_rollup(query, pin)
    if newest is None:
        return None
    position, table = pin.position(pin.snapshot[query.series.table.name]), newest.table
    held = table if position.covers(table.position) else lake.remembered(table, covered_by=position)
    return None if held is None or not len(held.position) else _RollupSource(newest.rollup, held)


def _read_held_rollup(
    lake: Lake, query: HistoryQuery, pin: Pin, rolled: _RollupSource, asked: TimeRange
) -> list[Row] | None:
    """The buckets from partial sums and rows in memory, or None where either is not held there."""
    try:
        columns = lake.rollups.read(rolled.table)
    except FileGoneError as error:
        logger.info("rollup outlived table=%s reason=%s", rolled.table.spec.name, error.problem)
        return None
    if columns is None:
        return None
    gold = pin.snapshot[query.series.table.name]
    width_us = BUCKET_WIDTHS_US[query.interval]
    covered = _aligned_range(asked, rolled.rollup.width_us)
    parts = [read_column_sums(lake, query, pin, edge) for edge in _unaligned_edges(asked, covered)]
    beyond = _beyond_range(lake, query, gold, rolled, covered)
    if beyond.span_us:
        parts.append(read_column_sums(lake, query, pin, beyond, since=rolled.table.position))
    if any(part is None for part in parts):
        return None
    sums = columns.sums(query.symbol, covered, width_us)
    for part in parts:
        for bucket, own in (part or {}).items():
            sums[bucket] = join_sums(sums[bucket], own) if bucket in sums else own
    newest = sorted(sums, reverse=True)[: query.limit + 1]
    return [(bucket, *shown_sums(sums[bucket])) for bucket in newest]


def _beyond_range(
    lake: Lake, query: HistoryQuery, gold: TableSnapshot, rolled: _RollupSource, covered: TimeRange
) -> TimeRange:
    """The part of the covered range in which rows that the rollup lacks may lie, in files or in the tail."""
    inside = gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=covered)
    held = lake.offsets.beyond(gold, rolled.table.position, inside)
    lowest, highest = (bounds[held].tolist() for bounds in gold.files.times[query.axis])
    if gold.tail is not None:
        times_us = [row.time_us for row in gold.tail.held]
        lowest, highest = lowest + times_us, highest + times_us
    start_us = max(covered.start_us, min(lowest, default=covered.start_us))
    end_us = min(covered.end_us, max(highest, default=start_us - 1) + 1)
    return TimeRange(start_us, max(start_us, end_us))


def _is_rollup_cheaper(
    lake: Lake, query: HistoryQuery, pin: Pin, rolled: _RollupSource, asked: TimeRange
) -> bool:
    """Whether a rollup spares the scan of most rows. Where a minute has one row, its partial sum is only wider."""
    gold = pin.snapshot[query.series.table.name]
    sources = _select(lake, query, gold, rolled, asked)
    alone = gold.files.select(symbol=query.symbol, time_column=query.axis, time_range=asked)
    return MIN_ROLLUP_SPEEDUP * (sources.partial.n_rows + sources.rows.n_rows) <= alone.n_rows


def _read_gold(lake: Lake, query: HistoryQuery, pin: Pin, asked: TimeRange) -> list[Row]:
    gold, bound = pin.snapshot[query.series.table.name], _bound(query, pin)

    def select(stretch: TimeRange) -> FileSelection:
        return gold.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch)

    def fetch(stretch: TimeRange) -> list[Row]:
        return lake.session.fetch_rows(
            query.series.bucket_statement or "",
            select(stretch).paths,
            spec=gold.spec,
            before=pin.cut(gold),
            tail=gold.tail_rows,
            start=stretch.start_time,
            end=stretch.end_time,
            **bound,
        )

    return scan_backwards(
        asked,
        n_wanted=query.limit + 1,
        step_us=BUCKET_WIDTHS_US[query.interval],
        count=lambda stretch: select(stretch).n_rows,
        fetch=fetch,
    )


def _read_rolled(
    lake: Lake, query: HistoryQuery, pin: Pin, rolled: _RollupSource, asked: TimeRange
) -> list[Row]:
    gold = pin.snapshot[query.series.table.name]
    folded = bind_position(rolled.table.position, "folded")
    bound = _bound(query, pin)

    def count(stretch: TimeRange) -> int:
        sources = _select(lake, query, gold, rolled, stretch)
        return sources.partial.n_rows + sources.rows.n_rows

    def fetch(stretch: TimeRange) -> list[Row]:
        sources = _select(lake, query, gold, rolled, stretch)
        has_partial = bool(sources.partial.paths)
        has_rows = bool(sources.rows.paths) or gold.tail_rows is not None
        if not has_partial and not has_rows:
            return []
        of_partial = {"partial_files": sources.partial.paths} if has_partial else {}
        of_rows = {"start": stretch.start_time, "end": stretch.end_time, **folded} if has_rows else {}
        return lake.session.fetch_rows(
            answer_statement(rolled.rollup, has_partial=has_partial, has_rows=has_rows),
            sources.rows.paths,
            spec=gold.spec,
            before=pin.cut(gold) if has_rows else None,
            tail=gold.tail_rows,
            covered_start=sources.covered.start_time,
            covered_end=sources.covered.end_time,
            **of_partial,
            **of_rows,
            **bound,
        )

    return scan_backwards(
        asked,
        n_wanted=query.limit + 1,
        step_us=BUCKET_WIDTHS_US[query.interval],
        count=count,
        fetch=fetch,
    )


def _select(
    lake: Lake, query: HistoryQuery, gold: TableSnapshot, rolled: _RollupSource, stretch: TimeRange
) -> _Sources:
    covered = _aligned_range(stretch, rolled.rollup.width_us)
    inside = gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=covered)
    rows = lake.offsets.beyond(gold, rolled.table.position, inside)
    for edge in _unaligned_edges(stretch, covered):
        rows |= gold.files.touching(symbol=query.symbol, time_column=query.axis, time_range=edge)
    partial = rolled.table.files.select(symbol=query.symbol, time_column="bucket_time", time_range=covered)
    return _Sources(covered, partial, gold.files.selected(rows))


def _aligned_range(stretch: TimeRange, width_us: int) -> TimeRange:
    start_us = -(-stretch.start_us // width_us) * width_us
    return TimeRange(start_us, max(start_us, stretch.end_us // width_us * width_us))


def _unaligned_edges(stretch: TimeRange, covered: TimeRange) -> list[TimeRange]:
    """What of a stretch lies outside the covered part: a minute or hour that it cuts, at either end."""
    if covered.span_us == 0:
        return [stretch]
    before = TimeRange(stretch.start_us, covered.start_us)
    after = TimeRange(covered.end_us, stretch.end_us)
    return [edge for edge in (before, after) if edge.span_us]


def _asked_range(query: HistoryQuery) -> TimeRange:
    start_us, end_us = query.time_range.start_us, query.time_range.end_us
    if query.cursor is not None:
        end_us = max(start_us, min(end_us, query.cursor.last_key[0]))
    return TimeRange(start_us, end_us)


def _bound(query: HistoryQuery, pin: Pin) -> dict[str, Any]:
    width_us = BUCKET_WIDTHS_US[query.interval]
    return {
        "symbol": query.symbol,
        "limit": query.limit + 1,
        "width": width_us,
        **pin.bound_market(query.series),
    }
