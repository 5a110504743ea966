"""The newest row of each of many symbols, all of one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lakehouse.history.page import HistoryReader, read_pinned
from lakehouse.history.pinning import pin_query
from lakehouse.history.query import HistoryQuery, Row
from lakehouse.series.buckets import RAW
from lakehouse.series.definitions import Series
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.lake import Lake


def read_latest(
    lake: "Lake", series: Series, symbols: Iterable[str], time_range: TimeRange, *, columns: tuple[str, ...]
) -> Mapping[str, Row]:
    """Return {symbol: some columns of its newest row within a range}; a symbol without a row has none.

    ``columns`` are raw columns of the series; instants are epoch microseconds. Raises LakeNotFoundError.
    """
    listed = list(symbols)
    if not listed:
        return {}
    query = HistoryQuery(
        series=series,
        symbol=listed[0],
        time_range=time_range,
        interval=RAW,
        limit=1,
        as_of_us=time_range.end_us,
        axis=series.time_column,
    )

    def answer(reader: HistoryReader) -> dict[str, Row]:
        latest = {}
        for symbol in listed:
            pinned = pin_query(lake, replace(query, symbol=symbol), reader.pinned.snapshot)
            for row in reader.on(pinned).read_rows(1, columns):
                latest[symbol] = row[: len(columns)]
        return latest

    return read_pinned(lake, query, answer)
