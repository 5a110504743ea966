"""The newest row of each of many symbols, in one look at the tables."""

from collections.abc import Iterable

from lakehouse.history.cached_rows import read_column_rows
from lakehouse.history.page import pin_market, read_pinned
from lakehouse.history.query import HistoryQuery, Row
from lakehouse.history.rows import read_rows
from lakehouse.lake import WAIT_SECONDS, Lake
from lakehouse.series.buckets import RAW
from lakehouse.series.definitions import Series
from lakehouse.snapshots.pinned import Snapshot
from lakehouse.time_range import TimeRange


def read_latest(
    lake: Lake, series: Series, symbols: Iterable[str], time_range: TimeRange, *, columns: tuple[str, ...]
) -> dict[str, Row]:
    """{symbol: some columns of its newest row within a range}, all of one snapshot; none where it has no row.

    ``columns`` are raw columns of the series; instants are epoch microseconds. Raises LakeNotFoundError.
    """
    questions = [_to_query(series, symbol, time_range) for symbol in symbols]

    def ask(snapshot: Snapshot) -> dict[str, Row]:
        newest = ((query.symbol, _read_newest(lake, query, snapshot, columns)) for query in questions)
        return {symbol: row for symbol, row in newest if row is not None}

    return read_pinned(lake, questions[0], ask, WAIT_SECONDS) if questions else {}


def _read_newest(lake: Lake, query: HistoryQuery, snapshot: Snapshot, columns: tuple[str, ...]) -> Row | None:
    pin = pin_market(lake, query, snapshot)
    if query.series.has_market and pin.market is None:
        return None
    held = read_column_rows(lake, query, pin, columns)
    if held is None:
        places = [query.series.raw_columns.index(name) for name in columns]
        return next((tuple(row[place] for place in places) for row in read_rows(lake, query, pin)), None)
    return held[0][: len(columns)] if held else None


def _to_query(series: Series, symbol: str, time_range: TimeRange) -> HistoryQuery:
    return HistoryQuery(
        series=series,
        symbol=symbol,
        time_range=time_range,
        interval=RAW,
        limit=1,
        as_of_us=time_range.end_us,
        axis=series.time_column,
        asked={},
    )
