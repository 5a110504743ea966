"""Asking for histories in tests: defaults for what a question needs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryPage, HistoryQuery
from lakehouse.lake import Lake
from lakehouse.series.buckets import RAW
from lakehouse.series.definitions import SERIES
from lakehouse.time_range import TimeRange, to_us

DAY_START = datetime(2026, 1, 10, tzinfo=UTC)
DAY_END = datetime(2026, 1, 11, tzinfo=UTC)


def question(
    series: str,
    *,
    start: datetime = DAY_START,
    end: datetime = DAY_END,
    interval: str = RAW,
    limit: int = 1000,
    as_of: datetime = DAY_END,
    **more: Any,
) -> HistoryQuery:
    asked_series = SERIES[series]
    return HistoryQuery(
        series=asked_series,
        symbol=more.pop("symbol", "btc"),
        time_range=TimeRange(to_us(start), to_us(end)),
        interval=interval,
        limit=limit,
        as_of_us=to_us(as_of),
        axis=more.pop("axis", asked_series.time_column),
        **more,
    )


def points(page: HistoryPage, *columns: str) -> list[tuple[Any, ...]]:
    """Return the rows of a page, only some columns of them."""
    at = [page.columns.index(name) for name in columns]
    return [tuple(row[index] for index in at) for row in page.rows]


def pages(lake: Lake, query: HistoryQuery) -> Iterator[HistoryPage]:
    """Every page of a question, newest first."""
    page = read_history(lake, query)
    yield page
    while page.next is not None:
        page = read_history(lake, replace(query, cursor=page.next))
        yield page
