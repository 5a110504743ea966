"""The rows of a history as they are in gold, newest first."""

from typing import Any

from lakehouse.column_rows import read_column_rows
from lakehouse.history_query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.time_range import TimeRange, to_time
from lakehouse.walk import walk_back


def read_rows(lake: Lake, query: HistoryQuery, pin: Pin) -> list[Row]:
    """The newest ``limit + 1`` rows before the cursor, in a total order, each ending in its key."""
    held = read_column_rows(lake, query, pin)
    if held is not None:
        return held
    series, key = query.series, query.cursor.last_key if query.cursor is not None else None
    table = pin.snapshot[series.table.name]
    time_range = query.time_range
    bound: dict[str, Any] = {"symbol": query.symbol, "limit": query.limit + 1, **pin.bound_market(series)}
    if key is not None:
        bound |= {
            "key_time": to_time(key[0]),
            "key_topic_id": key[1],
            "key_partition": key[2],
            "key_offset": key[3],
        }
        time_range = TimeRange(
            time_range.start_us, max(time_range.start_us, min(time_range.end_us, key[0] + 1))
        )
    if series.bucket_statement is None:
        bound |= {"model": query.model, "horizon": query.horizon}
    statement = series.raw_statement(time_column=query.axis, after_key=key is not None)

    def fetch(stretch: TimeRange) -> list[Row]:
        return lake.session.fetch_rows(
            statement,
            table.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch).paths,
            spec=table.spec,
            before=pin.cut(table),
            start=stretch.start_time,
            end=stretch.end_time,
            **bound,
        )

    def count(stretch: TimeRange) -> int:
        return table.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch).n_rows

    return walk_back(time_range, n_wanted=query.limit + 1, step_us=1, count=count, fetch=fetch)
