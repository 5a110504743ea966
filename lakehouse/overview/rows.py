"""The row of one symbol in an overview, of what is kept of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lakehouse.cache.aggregation import exact_mean
from lakehouse.overview.closes import MinuteCloses
from lakehouse.overview.symbol_state import SymbolState
from lakehouse.series.market_schedule import MarketPart, MarketSchedule
from lakehouse.series.markets import Market
from lakehouse.time_range import DAY_US, HOUR_US, TimeRange

N_SPARKLINE = 24
BASE_AGE_US = HOUR_US
"""Age that the price a change is measured from may have, before the instant so long ago."""
PRICE_AGE_US = DAY_US
CHANGES_US = (HOUR_US, DAY_US, 7 * DAY_US)
_HOURS_BACK_US = np.arange(1 - N_SPARKLINE, 1, dtype=np.int64) * HOUR_US


@dataclass(frozen=True, slots=True)
class PredictedRange:
    """Range that a forecast over 24 h names, in the currency of its prices; instants are epoch microseconds."""

    lower: float | None
    upper: float | None
    coverage: float
    quote: str
    model: str
    made_us: int
    target_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """The latest of one symbol; what is not known is None. ``time_us`` is when the price was.

    ``changes`` are shares (0.01: 1 %) over CHANGES_US. ``sparkline`` has the last price of each of the last
    N_SPARKLINE hours, all of the market that the price is of.
    """

    symbol: str
    price: float | None
    market: Market | None
    changes: tuple[float | None, ...]
    sparkline: tuple[float | None, ...]
    sentiment: float | None
    sentiment_change: float | None
    n_texts: int
    forecast: PredictedRange | None
    time_us: int | None


@dataclass(frozen=True, slots=True)
class _Price:
    time_us: int
    value: float
    part: MarketPart


def to_row(symbol: str, state: SymbolState, end_us: int) -> OverviewRow:
    """Return the row at an end, a whole minute: what is at or after it is not in the row."""
    schedule = state.schedule
    price = _last_price(state.recent, schedule, TimeRange(end_us - PRICE_AGE_US, end_us))
    texts = state.texts.within(TimeRange(end_us - DAY_US, end_us))
    before = state.texts.within(TimeRange(end_us - 2 * DAY_US, end_us - DAY_US))
    mean, mean_before = exact_mean(texts), exact_mean(before)
    return OverviewRow(
        symbol=symbol,
        price=None if price is None else price.value,
        market=None if price is None else price.part.market,
        changes=tuple(_change(state, schedule, price, end_us, back_us) for back_us in CHANGES_US),
        sparkline=_sparkline(state.recent, schedule, price, end_us),
        sentiment=mean,
        sentiment_change=None if mean is None or mean_before is None else mean - mean_before,
        n_texts=len(texts),
        forecast=_to_range(state, end_us),
        time_us=None if price is None else price.time_us,
    )


def _last_price(
    closes: Mapping[Market, MinuteCloses], schedule: MarketSchedule, time_range: TimeRange
) -> _Price | None:
    """Return the newest price of a range, each part of it of its primary market."""
    for part in reversed(schedule.within(time_range)):
        found = part.market in closes and closes[part.market].last_before(part.end_us, since_us=part.start_us)
        if found:
            return _Price(*found, part)
    return None


def _change(
    state: SymbolState, schedule: MarketSchedule, price: _Price | None, end_us: int, back_us: int
) -> float | None:
    """Return the change over a span; None where the price is older than it, or none of its market is just before it."""
    from_us = end_us - back_us
    if price is None or price.time_us < from_us:
        return None
    closes = state.week_ago if back_us > PRICE_AGE_US else state.recent
    base = _last_price(closes, schedule, TimeRange(from_us - BASE_AGE_US, from_us))
    if base is None or not base.part.continues(price.part):
        return None
    return price.value / base.value - 1


def _sparkline(
    closes: Mapping[Market, MinuteCloses], schedule: MarketSchedule, price: _Price | None, end_us: int
) -> tuple[float | None, ...]:
    if price is None:
        return (None,) * N_SPARKLINE
    hour_us = (end_us - 1) // HOUR_US * HOUR_US
    starts_us = hour_us + _HOURS_BACK_US
    lasts = closes[price.part.market].lasts_within(starts_us, np.minimum(starts_us + HOUR_US, end_us))
    if price.part.start_us <= starts_us[0] and price.part.end_us >= end_us:
        return tuple(lasts)
    return tuple(
        last if _is_of(schedule, start_us, price.part) else None
        for start_us, last in zip(starts_us.tolist(), lasts, strict=True)
    )


def _is_of(schedule: MarketSchedule, hour_us: int, part: MarketPart) -> bool:
    """Return whether an hour is of the market and the asset of a part; parts begin and end at whole hours."""
    own = schedule.at(hour_us)
    return own is not None and own.continues(part)


def _to_range(state: SymbolState, end_us: int) -> PredictedRange | None:
    newest = state.newest_forecast(TimeRange(end_us - DAY_US, end_us))
    if newest is None:
        return None
    _, model, target_us, lower, upper, coverage, quote = newest.values
    return PredictedRange(lower, upper, coverage, quote, model, newest.time_us, target_us)
