"""The history of a symbol: one page of one series, read from a pinned snapshot.

The pages of one cursor are one series: rows are cut at the position of the first page, whatever is appended,
compacted or vacuumed meanwhile.
"""

from lakehouse.bucket_history import read_buckets
from lakehouse.buckets import BUCKET_WIDTHS_US, RAW, check_bucket_count
from lakehouse.cursor import Cursor
from lakehouse.history_query import HistoryPage, HistoryQuery, Pin, Row
from lakehouse.lake import WAIT_SECONDS, Lake
from lakehouse.markets import Market, primary_market
from lakehouse.position import Position
from lakehouse.realised import realised_prices
from lakehouse.row_history import read_rows
from lakehouse.series import Series
from lakehouse.snapshot import Snapshot
from lakehouse.tables import GOLD_PRICE

_N_KEY_COLUMNS = 3


def read_history(lake: Lake, query: HistoryQuery, *, wait_seconds: float = WAIT_SECONDS) -> HistoryPage:
    """One page. Raises LakeNotFoundError, QueryError, and with a cursor VersionGoneError and BehindError."""
    check_bucket_count(query.time_range, query.interval)
    return lake.read(
        lambda: _pin_snapshot(lake, query, wait_seconds), lambda snapshot: _read_page(lake, query, snapshot)
    )


def _pin_snapshot(lake: Lake, query: HistoryQuery, wait_seconds: float) -> Snapshot:
    if query.cursor is not None:
        positions = {name: Position.from_json(vector) for name, vector in query.cursor.positions.items()}
        return lake.snapshot_covering(positions, build_id=query.cursor.build_id, wait_seconds=wait_seconds)
    names = (query.series.table.name,)
    return lake.snapshot(*names, optional=() if GOLD_PRICE.name in names else _priced(query.series))


def _priced(series: Series) -> tuple[str, ...]:
    return (GOLD_PRICE.name,) if series.bucket_statement is None else ()


def _read_page(lake: Lake, query: HistoryQuery, snapshot: Snapshot) -> HistoryPage:
    pin = _pin_market(lake, query, snapshot)
    if query.series.has_market and pin.market is None:
        found: list[Row] = []
    elif query.interval == RAW:
        found = read_rows(lake, query, pin)
    else:
        found = read_buckets(lake, query, pin)
    rows, more = found[: query.limit], len(found) > query.limit
    rows.reverse()
    following = _next_cursor(query, pin, rows[0]) if more else None
    columns, points = _to_points(lake, query, pin, rows)
    return HistoryPage(
        columns=columns,
        rows=points,
        next=following,
        snapshot=snapshot,
        positions={name: pin.cuts.get(name, table.position) for name, table in snapshot.tables.items()},
        market=pin.market,
    )


def _pin_market(lake: Lake, query: HistoryQuery, snapshot: Snapshot) -> Pin:
    if query.cursor is not None:
        market = Market(*query.cursor.market) if query.cursor.market is not None else None
        cuts = {name: Position.from_json(vector) for name, vector in query.cursor.positions.items()}
        return Pin(
            snapshot=snapshot, cuts=cuts, market=market, realised_until_us=query.cursor.realised_until_us
        )
    if GOLD_PRICE.name not in snapshot:
        return Pin(snapshot=snapshot, cuts={}, market=None, realised_until_us=0)
    assets = lake.assets.of(snapshot[GOLD_PRICE.name])
    market = primary_market(query.symbol, assets.markets(query.symbol))
    seen = assets.seen(query.symbol, market) if market is not None else None
    until_us = min(seen.last_us, query.as_of_us) if seen is not None else 0
    return Pin(snapshot=snapshot, cuts={}, market=market, realised_until_us=until_us)


def _next_cursor(query: HistoryQuery, pin: Pin, oldest: Row) -> Cursor:
    if query.interval == RAW:
        time_us = oldest[query.series.raw_columns.index(query.axis)]
        last_key: tuple[int, str, int, int] = (time_us, *oldest[-_N_KEY_COLUMNS:])
    else:
        last_key = (oldest[0], "", 0, 0)
    return Cursor(
        series=query.series.name,
        symbol=query.symbol,
        asked=dict(query.asked),
        build_id=pin.snapshot.build.build_id,
        positions={
            name: pin.cuts.get(name, table.position).to_json() for name, table in pin.snapshot.tables.items()
        },
        start_us=query.time_range.start_us,
        end_us=query.time_range.end_us,
        interval=query.interval,
        as_of_us=query.as_of_us,
        last_key=last_key,
        market=(pin.market.venue, pin.market.quote) if pin.market is not None else None,
        realised_until_us=pin.realised_until_us,
    )


def _to_points(
    lake: Lake, query: HistoryQuery, pin: Pin, rows: list[Row]
) -> tuple[tuple[str, ...], list[Row]]:
    """The columns and rows that are shown: without keys, with what is computed for the page."""
    if query.interval != RAW:
        width_us = BUCKET_WIDTHS_US[query.interval]
        columns = (*query.series.bucket_columns, "complete")
        return columns, [(*row, row[0] + width_us <= query.as_of_us) for row in rows]
    points = [row[:-_N_KEY_COLUMNS] for row in rows]
    if query.series.bucket_statement is not None:
        return query.series.raw_columns, points
    target_at = query.series.raw_columns.index("target_time")
    realised = realised_prices(lake, query, pin, {row[target_at] for row in points})
    columns = (*query.series.raw_columns, "realised_price")
    return columns, [(*row, realised.get(row[target_at])) for row in points]


__all__ = ["HistoryPage", "HistoryQuery", "read_history"]
