"""Warming of a process's caches before its first questions, which are likely to be about the newest days."""

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from lakehouse.errors import LakeNotFoundError
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryQuery
from lakehouse.series.definitions import PREDICTION, PRICE, SENTIMENT, Series
from lakehouse.time_range import DAY_US, TimeRange

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot, TableSnapshot

WARM_DAYS = 2
"""The newest day with events and the one before it: what a question about the last 24 h touches."""
_BUDGET_SHARE = 0.8
# Predictions need prices, and both are small.
_ORDER = (PRICE, PREDICTION, SENTIMENT)
_MONTH_US = 30 * DAY_US

logger = logging.getLogger(__name__)


def warm(lake: "Lake", *, n_days: int = WARM_DAYS) -> None:
    """Load the newest days of every series and symbol, the rollups, and the tables' symbols.

    Goes symbol by symbol, newest day first, so that a question that comes meanwhile waits for one of them at most;
    stops before it would evict what it loaded. Does nothing where the columnar cache is off. Idempotent.
    """
    if not lake.columns.is_on:
        return
    started = time.monotonic()
    for n_days_back in range(n_days):
        for series in _ORDER:
            _warm_day(lake, series, n_days_back)
    logger.info("warmed bytes=%d seconds=%.2f", lake.columns.n_bytes, time.monotonic() - started)


def _warm_day(lake: "Lake", series: Series, n_days_back: int) -> None:
    name = series.table.name

    def list_symbols(pinned: "Snapshot") -> list[str]:
        return sorted(lake.symbols.of(pinned[name]).symbols())

    try:
        symbols = lake.read(partial(lake.snapshot, name), list_symbols)
    except LakeNotFoundError:
        return
    for symbol in symbols:
        if lake.columns.n_bytes > _BUDGET_SHARE * lake.columns.budget_bytes:
            return
        lake.read(partial(lake.snapshot, name), partial(_load, lake, series, symbol, n_days_back))
    if symbols and not n_days_back and series.has_buckets:
        _read_month(lake, series, symbols[0])


def _load(lake: "Lake", series: Series, symbol: str, n_days_back: int, pinned: "Snapshot") -> None:
    table = pinned[series.table.name]
    start_us = (_newest_day(series, table) - n_days_back) * DAY_US
    lake.columns.load(table, series, symbol, TimeRange(start_us, start_us + DAY_US), with_text=True)


def _newest_day(series: Series, table: "TableSnapshot") -> int:
    return (table.files.newest_us(series.time_column) or 0) // DAY_US


def _read_month(lake: "Lake", series: Series, symbol: str) -> None:
    """Read the hours of a month, which loads the rollup for every symbol."""
    table = lake.snapshot(series.table.name)[series.table.name]
    end_us = (_newest_day(series, table) + 1) * DAY_US
    read_history(
        lake,
        HistoryQuery(
            series=series,
            symbol=symbol,
            time_range=TimeRange(end_us - _MONTH_US, end_us),
            interval="1h",
            limit=1_000,
            as_of_us=end_us,
            axis=series.time_column,
        ),
    )
