"""What a process reads before it is asked, so that its first questions find the newest days in memory."""

import logging
import time
from functools import partial

from lakehouse.errors import LakeNotFoundError
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.series.definitions import PREDICTION, PRICE, SENTIMENT, Series
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.time_range import DAY_US, TimeRange

WARM_DAYS = 2
"""The newest day with events and the one before it: what a question about the last 24 h touches."""
_BUDGET_SHARE = 0.8
# Predictions need prices, and both are small.
_ORDER = (PRICE, PREDICTION, SENTIMENT)
_HOURS_ASKED = 30 * DAY_US

logger = logging.getLogger(__name__)


def warm(lake: Lake, *, n_days: int = WARM_DAYS) -> None:
    """Loads the newest days of every series and symbol, the rollups, and what the tables have seen of symbols.

    Symbol by symbol, newest day first, so that a question that comes meanwhile waits for one of them at most; stops
    before it would evict what it loaded. Does nothing where no columns are kept. Idempotent.
    """
    if not lake.columns.is_on:
        return
    started = time.monotonic()
    for back in range(n_days):
        for series in _ORDER:
            _warm_day(lake, series, back)
    logger.info("warmed bytes=%d seconds=%.2f", lake.columns.n_bytes, time.monotonic() - started)


def _warm_day(lake: Lake, series: Series, back: int) -> None:
    name = series.table.name

    def symbols_of(pinned: Snapshot) -> list[str]:
        return sorted(lake.symbols.of(pinned[name]).symbols())

    try:
        symbols = lake.read(lambda: lake.snapshot(name), symbols_of)
    except LakeNotFoundError:
        return
    for symbol in symbols:
        if lake.columns.n_bytes > _BUDGET_SHARE * lake.columns.budget_bytes:
            return
        lake.read(lambda: lake.snapshot(name), partial(_load, lake, series, symbol, back))
    if symbols and not back and series.bucket_statement is not None:
        _ask_hours(lake, series, symbols[0])


def _load(lake: Lake, series: Series, symbol: str, back: int, pinned: Snapshot) -> None:
    table = pinned[series.table.name]
    day = _newest_day(series, table) - back
    lake.columns.read(table, series, symbol, range(day, day + 1), with_text=True)


def _newest_day(series: Series, table: TableSnapshot) -> int:
    return (table.files.newest_us(series.time_column) or 0) // DAY_US


def _ask_hours(lake: Lake, series: Series, symbol: str) -> None:
    """A question about a month: it loads the rollup for every symbol."""
    table = lake.snapshot(series.table.name)[series.table.name]
    end_us = (_newest_day(series, table) + 1) * DAY_US
    read_history(
        lake,
        HistoryQuery(
            series=series,
            symbol=symbol,
            time_range=TimeRange(end_us - _HOURS_ASKED, end_us),
            interval="1h",
            limit=1_000,
            as_of_us=end_us,
            axis=series.time_column,
            asked={},
        ),
    )
