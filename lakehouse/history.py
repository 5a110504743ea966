"""The history of a symbol: one page of one series, read from a pinned snapshot.

The pages of one cursor are one series: rows are cut at the position of the first page, whatever is appended,
compacted or vacuumed meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.buckets import BUCKET_WIDTHS_US, RAW, check_bucket_count
from lakehouse.cursor import Cursor
from lakehouse.lake import WAIT_SECONDS, Lake
from lakehouse.markets import Market, primary_market
from lakehouse.position import Position
from lakehouse.series import PRICE, REALISED_PRICES, Series
from lakehouse.snapshot import Snapshot, TableSnapshot
from lakehouse.tables import GOLD_PRICE
from lakehouse.time_range import MINUTE_US, TimeRange, to_time

MAX_REALISED_AGE_US = 2 * MINUTE_US
# Up to this many rows in the selected files, one scan of all is quicker than walking back through them.
_ROWS_OF_ONE_SCAN = 300_000
_FIRST_WALK_SHARE = 64
_WALK_FACTOR = 4
_N_KEY_COLUMNS = 3

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """A question, resolved: nothing in it is relative. ``asked`` are the parameters as they were given.

    ``interval`` is "brut" or the width of a bucket; ``axis`` the time that the range is on; ``as_of_us`` the
    instant of the question, which decides what is still open.
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
    asked: Mapping[str, str]
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Points in ascending time, as rows of ``columns``; instants are epoch microseconds. ``next`` goes back."""

    columns: tuple[str, ...]
    rows: list[Row]
    next: Cursor | None
    snapshot: Snapshot
    positions: Mapping[str, Position]
    market: Market | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pin:
    """What one page reads: tables, their cuts, the market, and until when realised prices are known."""

    snapshot: Snapshot
    cuts: Mapping[str, Position]
    market: Market | None
    realised_until_us: int

    def cut(self, table: TableSnapshot) -> Position | None:
        """The position to filter by; None where the table stands exactly there."""
        cut = self.cuts.get(table.spec.name, table.position)
        return None if cut == table.position else cut


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
        found = _read_rows(lake, query, pin)
    else:
        found = _read_buckets(lake, query, pin)
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


def _pin_market(lake: Lake, query: HistoryQuery, snapshot: Snapshot) -> _Pin:
    if query.cursor is not None:
        market = Market(*query.cursor.market) if query.cursor.market is not None else None
        cuts = {name: Position.from_json(vector) for name, vector in query.cursor.positions.items()}
        return _Pin(
            snapshot=snapshot, cuts=cuts, market=market, realised_until_us=query.cursor.realised_until_us
        )
    if GOLD_PRICE.name not in snapshot:
        return _Pin(snapshot=snapshot, cuts={}, market=None, realised_until_us=0)
    assets = lake.assets.of(snapshot[GOLD_PRICE.name])
    market = primary_market(query.symbol, assets.markets(query.symbol))
    seen = assets.seen(query.symbol, market) if market is not None else None
    until_us = min(seen.last_us, query.as_of_us) if seen is not None else 0
    return _Pin(snapshot=snapshot, cuts={}, market=market, realised_until_us=until_us)


def _read_rows(lake: Lake, query: HistoryQuery, pin: _Pin) -> list[Row]:
    series, key = query.series, query.cursor.last_key if query.cursor is not None else None
    bound: dict[str, Any] = {"symbol": query.symbol, "limit": query.limit + 1}
    end_us = query.time_range.end_us
    if key is not None:
        bound |= {
            "key_time": to_time(key[0]),
            "key_topic_id": key[1],
            "key_partition": key[2],
            "key_offset": key[3],
        }
        end_us = min(end_us, key[0] + 1)
    if series.has_market and pin.market is not None:
        bound |= {"venue": pin.market.venue, "quote": pin.market.quote}
    if series.bucket_statement is None:
        bound |= {"model": query.model, "horizon": query.horizon}
    statement = series.raw_statement(time_column=query.axis, after_key=key is not None)
    return _walk_back(lake, query, pin, statement, end_us=end_us, step_us=1, bound=bound)


def _read_buckets(lake: Lake, query: HistoryQuery, pin: _Pin) -> list[Row]:
    width_us = BUCKET_WIDTHS_US[query.interval]
    end_us = query.time_range.end_us
    if query.cursor is not None:
        end_us = min(end_us, query.cursor.last_key[0])
    bound: dict[str, Any] = {"symbol": query.symbol, "limit": query.limit + 1, "width": width_us}
    if query.series.has_market and pin.market is not None:
        bound |= {"venue": pin.market.venue, "quote": pin.market.quote}
    statement = query.series.bucket_statement or ""
    return _walk_back(lake, query, pin, statement, end_us=end_us, step_us=width_us, bound=bound)


def _walk_back(
    lake: Lake,
    query: HistoryQuery,
    pin: _Pin,
    statement: str,
    *,
    end_us: int,
    step_us: int,
    bound: dict[str, Any],
) -> list[Row]:
    """The newest ``limit + 1`` rows before ``end_us``: from all files where few, else from ever more of them."""
    start_us = query.time_range.start_us
    if end_us <= start_us:
        return []
    table = pin.snapshot[query.series.table.name]
    span_us = max((query.limit + 1) * step_us, (end_us - start_us) // _FIRST_WALK_SHARE)
    everything = table.files.select(
        symbol=query.symbol, time_column=query.axis, time_range=TimeRange(start_us, end_us)
    )
    if everything.n_rows <= _ROWS_OF_ONE_SCAN:
        span_us = end_us - start_us
    while True:
        from_us = max(start_us, (end_us - span_us) // step_us * step_us)
        selected = table.files.select(
            symbol=query.symbol, time_column=query.axis, time_range=TimeRange(from_us, end_us)
        )
        rows = lake.session.fetch_rows(
            statement,
            selected.paths,
            spec=table.spec,
            before=pin.cut(table),
            start=to_time(from_us),
            end=to_time(end_us),
            **bound,
        )
        if len(rows) >= bound["limit"] or from_us == start_us:
            return rows
        span_us *= _WALK_FACTOR


def _next_cursor(query: HistoryQuery, pin: _Pin, oldest: Row) -> Cursor:
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
    lake: Lake, query: HistoryQuery, pin: _Pin, rows: list[Row]
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
    realised = _realised_prices(lake, query, pin, {row[target_at] for row in points})
    columns = (*query.series.raw_columns, "realised_price")
    return columns, [(*row, realised.get(row[target_at])) for row in points]


def _realised_prices(lake: Lake, query: HistoryQuery, pin: _Pin, targets: set[int]) -> dict[int, float]:
    """{target: last price of the primary market at or before it, at most two minutes old}, where it is known.

    A target is known once the market has a price at or after it, so that a price that is still on its way
    cannot change the answer.
    """
    known = sorted(target for target in targets if target <= pin.realised_until_us)
    if not known or pin.market is None or GOLD_PRICE.name not in pin.snapshot:
        return {}
    table = pin.snapshot[GOLD_PRICE.name]
    time_range = TimeRange(known[0] - MAX_REALISED_AGE_US, known[-1] + 1)
    selected = table.files.select(symbol=query.symbol, time_column=PRICE.time_column, time_range=time_range)
    rows = lake.session.fetch_rows(
        REALISED_PRICES,
        selected.paths,
        spec=table.spec,
        before=pin.cut(table),
        symbol=query.symbol,
        start=time_range.start_time,
        end=time_range.end_time,
        venue=pin.market.venue,
        quote=pin.market.quote,
        targets=known,
        max_age=MAX_REALISED_AGE_US,
    )
    return dict(rows)
