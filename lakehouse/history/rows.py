"""The rows of a history as they are in gold, newest first."""

from typing import Any

from lakehouse.history.backward_scan import scan_backwards
from lakehouse.history.cached_rows import read_column_rows
from lakehouse.history.query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.time_range import TimeRange, to_time


def read_rows(lake: Lake, query: HistoryQuery, pin: Pin) -> list[Row]:
    """The newest ``limit + 1`` rows before the cursor, in a total order, each ending in its key."""
    held = read_column_rows(lake, query, pin)
    if held is not None:
        return held
    series, table = query.series, pin.snapshot[query.series.table.name]
    bound = bind_rows(query, pin)
    statement = series.raw_statement(time_column=query.axis, after_key=query.cursor is not None)

    def fetch(stretch: TimeRange) -> list[Row]:
        return lake.session.fetch_rows(
            statement,
            table.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch).paths,
            spec=table.spec,
            before=pin.cut(table),
            tail=table.tail_rows,
            start=stretch.start_time,
            end=stretch.end_time,
            limit=query.limit + 1,
            **bound,
        )

    def count(stretch: TimeRange) -> int:
        return table.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch).n_rows

    return scan_backwards(asked_range(query), n_wanted=query.limit + 1, step_us=1, count=count, fetch=fetch)


def asked_range(query: HistoryQuery) -> TimeRange:
    """What of the range a cursor leaves."""
    start_us, end_us = query.time_range.start_us, query.time_range.end_us
    if query.cursor is not None:
        end_us = max(start_us, min(end_us, query.cursor.last_key[0] + 1))
    return TimeRange(start_us, end_us)


def bind_rows(query: HistoryQuery, pin: Pin) -> dict[str, Any]:
    """What the statements for rows bind, apart from the range and the limit."""
    bound: dict[str, Any] = {"symbol": query.symbol, **pin.bound_market(query.series)}
    if query.cursor is not None:
        time_us, topic_id, partition, offset = query.cursor.last_key
        bound |= {
            "key_time": to_time(time_us),
            "key_topic_id": topic_id,
            "key_partition": partition,
            "key_offset": offset,
        }
    if query.series.bucket_statement is None:
        bound |= {"model": query.model, "horizon": query.horizon}
    return bound
