"""The buckets of a history, newest first."""

from typing import Any

from lakehouse.buckets import BUCKET_WIDTHS_US
from lakehouse.column_buckets import read_column_buckets
from lakehouse.history_query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.time_range import TimeRange
from lakehouse.walk import walk_back


def read_buckets(lake: Lake, query: HistoryQuery, pin: Pin) -> list[Row]:
    """The newest ``limit + 1`` buckets before the cursor, each a plain GROUP BY over the rows of the range."""
    series, width_us = query.series, BUCKET_WIDTHS_US[query.interval]
    table = pin.snapshot[series.table.name]
    time_range = query.time_range
    if query.cursor is not None:
        end_us = max(time_range.start_us, min(time_range.end_us, query.cursor.last_key[0]))
        time_range = TimeRange(time_range.start_us, end_us)
    held = read_column_buckets(lake, query, pin, time_range)
    if held is not None:
        return held
    bound: dict[str, Any] = {
        "symbol": query.symbol,
        "limit": query.limit + 1,
        "width": width_us,
        **pin.bound_market(series),
    }

    def fetch(stretch: TimeRange) -> list[Row]:
        return lake.session.fetch_rows(
            series.bucket_statement or "",
            table.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch).paths,
            spec=table.spec,
            before=pin.cut(table),
            start=stretch.start_time,
            end=stretch.end_time,
            **bound,
        )

    def count(stretch: TimeRange) -> int:
        return table.files.select(symbol=query.symbol, time_column=query.axis, time_range=stretch).n_rows

    return walk_back(time_range, n_wanted=query.limit + 1, step_us=width_us, count=count, fetch=fetch)
