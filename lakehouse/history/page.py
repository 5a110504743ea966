"""The history of a symbol: one page of one series, read from a pinned snapshot.

The pages of one cursor are one series: rows are cut at the position of the first page, whatever is appended,
compacted or vacuumed meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lakehouse.delta.position import Position
from lakehouse.errors import FileGoneError, QueryError, VersionGoneError
from lakehouse.history.buckets import is_whole, read_buckets
from lakehouse.history.cursor import Cursor
from lakehouse.history.curves import BUCKET_CURVES, RAW_CURVES
from lakehouse.history.downsampling import downsample_buckets, downsample_rows
from lakehouse.history.gap_filling import fill_page
from lakehouse.history.query import HistoryPage, HistoryQuery, Pin, Row
from lakehouse.history.realised import realised_prices
from lakehouse.history.rows import read_rows
from lakehouse.lake import WAIT_SECONDS, Lake
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.series.buckets import BUCKET_WIDTHS_US, LINEAR, NO_FILLING, RAW, check_bucket_count
from lakehouse.series.definitions import Series
from lakehouse.series.markets import Market, primary_market
from lakehouse.series.rollups import rollup_for
from lakehouse.snapshots.pinned import Snapshot
from lakehouse.snapshots.time_travel import PointInTime
from lakehouse.time_range import format_us

_N_KEY_COLUMNS = 3
Answer = TypeVar("Answer")

Key = tuple[int, str, int, int]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows in ascending time, how many of them were observed, and where to go on."""

    rows: list[Row]
    n_observed: int
    next: Cursor | None


def read_history(lake: Lake, query: HistoryQuery, *, wait_seconds: float = WAIT_SECONDS) -> HistoryPage:
    """One page. Raises LakeNotFoundError, QueryError, and with a cursor VersionGoneError and BehindError."""
    check_bucket_count(query.time_range, query.interval)
    return read_pinned(lake, query, lambda snapshot: _read_page(lake, query, snapshot), wait_seconds)


def read_pinned(
    lake: Lake, query: HistoryQuery, ask: Callable[[Snapshot], Answer], wait_seconds: float
) -> Answer:
    """The answer on the snapshot that a question is pinned to. Raises VersionGoneError where its files are gone."""
    try:
        return lake.read(lambda: _pin_snapshot(lake, query, wait_seconds), ask)
    except FileGoneError as error:
        if query.moment is None:
            raise
        asked = f"{format_us(query.moment.instant_us)} (its files)"
        raise VersionGoneError(
            table=query.series.table.name, asked=asked, available="what vacuum has kept"
        ) from error


def _pin_snapshot(lake: Lake, query: HistoryQuery, wait_seconds: float) -> Snapshot:
    if query.moment is not None:
        return _past_snapshot(lake, query, query.moment)
    if query.cursor is not None:
        positions = {name: Position.from_json(vector) for name, vector in query.cursor.positions.items()}
        return lake.snapshot_covering(
            positions,
            build_id=query.cursor.build_id,
            optional=_rollup_names(query),
            tail_of=query.symbol,
            wait_seconds=wait_seconds,
        )
    optional = (*_priced(query.series), *_rollup_names(query))
    return lake.snapshot(query.series.table.name, optional=optional, tail_of=query.symbol)


def _rollup_names(query: HistoryQuery) -> tuple[str, ...]:
    if query.interval == RAW:
        return ()
    rollup = rollup_for(query.series.table, BUCKET_WIDTHS_US[query.interval])
    return () if rollup is None else (rollup.table.name,)


def _past_snapshot(lake: Lake, query: HistoryQuery, moment: PointInTime) -> Snapshot:
    build_id = moment.build.build_id
    if query.cursor is not None and query.cursor.build_id != build_id:
        raise VersionGoneError(
            table=query.series.table.name, asked=f"build {query.cursor.build_id}", available=build_id
        )
    return lake.time_travel.snapshot(
        moment, (query.series.table.name,), optional=_priced(query.series), version=query.version
    )


def _priced(series: Series) -> tuple[str, ...]:
    return (GOLD_PRICE.name,) if series.bucket_statement is None else ()


def _read_page(lake: Lake, query: HistoryQuery, pinned: Snapshot) -> HistoryPage:
    pin = pin_market(lake, query, pinned)
    stretch = _read_stretch(lake, query, pin)
    if query.whole and stretch.next is not None:
        raise QueryError(
            parameter="points",
            problem=f"the range has more than {query.limit} points to choose from",
            accepted="a shorter range, a wider intervalle, or a limite, beyond which suivant goes on",
        )
    columns, points = to_points(lake, query, pin, stretch.rows)
    return HistoryPage(
        columns=columns,
        rows=points,
        n_read=len(stretch.rows),
        n_observed=stretch.n_observed,
        next=stretch.next,
        snapshot=pin.snapshot,
        positions={name: pin.position(table) for name, table in pin.snapshot.tables.items()},
        market=pin.market,
        retained_from_us=lost_before_us(query, pin),
    )


def lost_before_us(query: HistoryQuery, pin: Pin) -> int | None:
    """The first instant that retention has left, where a range reaches before it and its answer is not whole.

    Of forecasts it is also the first that realised prices are left of.
    """
    horizons = [
        table.retained_from_us for table in pin.snapshot.tables.values() if table.retained_from_us is not None
    ]
    if not horizons or max(horizons) <= query.time_range.start_us:
        return None
    return None if query.interval != RAW and is_whole(query, pin) else max(horizons)


def _read_stretch(lake: Lake, query: HistoryQuery, pin: Pin) -> _Stretch:
    """The newest ``limit`` rows or buckets of what is left of the range."""
    if query.series.has_market and pin.market is None:
        return _Stretch([], 0, None)
    if query.interval == RAW:
        found = read_rows(lake, query, pin)
        rows = found[query.limit - 1 :: -1]
        following = next_cursor(query, pin, row_key(query, rows[0])) if len(found) > query.limit else None
        return _Stretch(rows, len(rows), following)
    found = read_buckets(lake, query, pin)
    if query.filling == NO_FILLING:
        buckets = [(*row, False) for row in found[query.limit - 1 :: -1]]
        following = next_cursor(query, pin, _bucket_key(buckets[0])) if len(found) > query.limit else None
        return _Stretch(buckets, len(buckets), following)
    page = fill_page(query, found)
    after = page.oldest_observed if query.filling == LINEAR else None
    following = next_cursor(query, pin, _bucket_key(page.rows[0]), after) if page.more else None
    return _Stretch(page.rows, sum(not row[-1] for row in page.rows), following)


def pin_market(lake: Lake, query: HistoryQuery, pinned: Snapshot) -> Pin:
    """What a page reads of a snapshot: its tables, their cuts, and the market whose price counts."""
    rollups = pinned.of(_rollup_names(query))
    snapshot = pinned.of(name for name in pinned.tables if name not in rollups)
    if query.cursor is not None:
        return Pin(
            snapshot=snapshot,
            rollups=rollups,
            cuts={name: Position.from_json(vector) for name, vector in query.cursor.positions.items()},
            market=Market(*query.cursor.market) if query.cursor.market is not None else None,
            realised_until_us=query.cursor.realised_until_us,
        )
    if GOLD_PRICE.name not in snapshot:
        return Pin(snapshot=snapshot, rollups=rollups, cuts={}, market=None, realised_until_us=0)
    price = snapshot[GOLD_PRICE.name]
    assets = lake.symbols.of(price) if query.moment is None else lake.symbols.exactly(price)
    markets = assets.markets(query.symbol)
    if price.retained_from_us is not None:
        for rollup in rollups.tables.values():
            markets |= lake.symbols.markets_before(rollup, price.retained_from_us, query.symbol)
    market = primary_market(query.symbol, markets)
    seen = assets.seen(query.symbol, market) if market is not None else None
    until_us = min(seen.last_us, query.as_of_us) if seen is not None else 0
    return Pin(snapshot=snapshot, rollups=rollups, cuts={}, market=market, realised_until_us=until_us)


def row_key(query: HistoryQuery, row: Row) -> Key:
    return (row[query.series.raw_columns.index(query.axis)], *row[-_N_KEY_COLUMNS:])


def _bucket_key(row: Row) -> Key:
    return (row[0], "", 0, 0)


def next_cursor(query: HistoryQuery, pin: Pin, last_key: Key, observed_after: Row | None = None) -> Cursor:
    return Cursor(
        series=query.series.name,
        symbol=query.symbol,
        asked=dict(query.asked),
        build_id=pin.snapshot.build.build_id,
        positions={name: pin.position(table).to_json() for name, table in pin.snapshot.tables.items()},
        start_us=query.time_range.start_us,
        end_us=query.time_range.end_us,
        interval=query.interval,
        as_of_us=query.as_of_us,
        last_key=last_key,
        market=(pin.market.venue, pin.market.quote) if pin.market is not None else None,
        realised_until_us=pin.realised_until_us,
        observed_after=observed_after,
    )


def to_points(
    lake: Lake, query: HistoryQuery, pin: Pin, rows: list[Row]
) -> tuple[tuple[str, ...], list[Row]]:
    """The columns and rows that are shown: thinned, without keys, with what is computed for the page."""
    n_points = query.n_points or len(rows)
    if query.interval != RAW:
        width_us = BUCKET_WIDTHS_US[query.interval]
        columns = (*query.series.bucket_columns, "complete", "filled")
        buckets = _with_complete(rows, width_us, query.as_of_us)
        return columns, downsample_buckets(
            columns, buckets, curve=BUCKET_CURVES[query.series.name], n_points=n_points
        )
    rows = downsample_rows(
        query.series.raw_columns,
        rows,
        axis=query.axis,
        curve=RAW_CURVES[query.series.name],
        n_points=n_points,
    )
    points = [row[:-_N_KEY_COLUMNS] for row in rows]
    if query.series.bucket_statement is not None:
        return query.series.raw_columns, points
    target_at = query.series.raw_columns.index("target_time")
    realised = realised_prices(lake, query, pin, {row[target_at] for row in points})
    columns = (*query.series.raw_columns, "realised_price")
    return columns, [(*row, realised.get(row[target_at])) for row in points]


def _with_complete(rows: list[Row], width_us: int, as_of_us: int) -> list[Row]:
    """Whether each bucket is over, before the last column."""
    if not rows:
        return []
    *shown, filled = zip(*rows, strict=True)
    complete = [start_us + width_us <= as_of_us for start_us in shown[0]]
    return list(zip(*shown, complete, filled, strict=True))


__all__ = [
    "HistoryPage",
    "HistoryQuery",
    "lost_before_us",
    "next_cursor",
    "pin_market",
    "read_history",
    "read_pinned",
    "row_key",
    "to_points",
]
