"""Prices of assets and markets at any instant: correlated, a pure function of seed, behaviour and time.

A day opens at the faded sum of the returns of the days before it, so that the price stays near its usual level;
within the day the fade is spread evenly, without a jump at midnight. A price moves in steps of a quarter of a minute.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import ASSETS, MINUTES_A_DAY, Asset, Market
from streaming.feed.noise import Floats, Ints, Keys, normal, root_key, uniform
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.interruptions import rest_since_us
from streaming.feed.prices.returns import STEPS_A_MINUTE, day_returns, split_minutes

Drift = Callable[[Ints], Floats]

_FADE_A_DAY = 0.97
_FADE_DAYS = 150
_STEP_US = MINUTE_US // STEPS_A_MINUTE
_STEPS_A_DAY = MINUTES_A_DAY * STEPS_A_MINUTE
_TRADE_BPS = 1.2
_LEAST_BAD_TICK, _GREATEST_BAD_TICK = 0.01, 0.3


def mid_prices(model: MarketModel, symbol: str, times_us: Ints) -> Floats:
    """Return the asset's price in USD at each instant."""
    steps = times_us // _STEP_US
    days = steps // _STEPS_A_DAY
    prices = np.empty(times_us.shape)
    if not len(times_us):
        return prices
    first, last = int(days.min()), int(days.max())
    if first == last:
        return _day_prices(model, symbol, first)[steps - first * _STEPS_A_DAY]
    for day in range(first, last + 1):
        of_day = days == day
        if of_day.any():
            prices[of_day] = _day_prices(model, symbol, day)[steps[of_day] - day * _STEPS_A_DAY]
    return prices


def quoted_prices(model: MarketModel, market: Market, times_us: Ints) -> Floats:
    """Return one market's price at each instant: the asset's with the market's basis; it may rest."""
    return _quoted(model, market, rest_since_us(model, market, times_us))


def market_prices(
    model: MarketModel, market: Market, times_us: Ints, keys: Keys, *, drift: Drift | None = None
) -> Floats:
    """Return the prices of trades: the market's, with the noise of single trades, bad ticks, in whole ticks.

    ``drift`` moves the logarithm of the price at instants that ascend as ``times_us`` do.
    """
    since_us = rest_since_us(model, market, times_us)
    noise = _TRADE_BPS * 1e-4 * normal(keys, 10)
    if since_us is not times_us:
        noise[since_us != times_us] = 0.0
    prices = _quoted(model, market, since_us) * (1.0 + noise)
    if drift is not None:
        prices *= np.exp(drift(since_us))
    if model.behaviour.bad_ticks:
        bad = np.flatnonzero(uniform(keys, 11) < model.behaviour.bad_ticks * 1e-4)
        if len(bad):
            prices[bad] *= _bad_factors(keys[bad])
    return _in_ticks(prices, ASSETS[market.symbol], model.behaviour.tick)


def _in_ticks(prices: Floats, asset: Asset, tick: float) -> Floats:
    """Return prices in whole multiples of so many ticks, at least one of them; 0: as fine as prices are written."""
    if not tick:
        return np.round(prices, asset.price_digits)
    a_unit = float(10**asset.tick_digits)
    in_ticks: Floats = np.maximum(np.rint(prices * (a_unit / tick)), 1.0) * tick / a_unit
    return in_ticks if tick % 1.0 == 0.0 else np.round(in_ticks, asset.price_digits)


def _quoted(model: MarketModel, market: Market, times_us: Ints) -> Floats:
    prices = mid_prices(model, market.symbol, times_us)
    if market.basis_bps:
        phase = 2 * math.pi * uniform(root_key(model.seed, market.venue, market.symbol), 0)
        slow = np.sin(times_us / (MINUTE_US * 173.0) + phase)
        prices = prices * (1.0 + market.basis_bps * (1.0 + 0.8 * slow) * 1e-4)
    return prices


def _bad_factors(keys: Keys) -> Floats:
    ratio = _GREATEST_BAD_TICK / _LEAST_BAD_TICK
    sizes = _LEAST_BAD_TICK * ratio ** uniform(keys, 12)
    factors: Floats = np.where(uniform(keys, 13) < 0.5, 1.0 + sizes, 1.0 / (1.0 + sizes))
    return factors


@lru_cache(maxsize=128)
def _day_prices(model: MarketModel, symbol: str, day: int) -> Floats:
    """Return the price in each step of a day."""
    opens, closes = (_log_open(model, symbol, at) for at in (day, day + 1))
    path = np.cumsum(split_minutes(model, symbol, day))
    evenly = np.arange(1, _STEPS_A_DAY + 1) / _STEPS_A_DAY
    prices: Floats = np.exp(opens + path + evenly * (closes - opens - path[-1]))
    return prices


@lru_cache(maxsize=4096)
def _log_open(model: MarketModel, symbol: str, day: int) -> float:
    usual = math.log(ASSETS[symbol].usual_price_usd)
    return usual + sum(
        _FADE_A_DAY ** (age - 1) * _day_return(model, symbol, day - age) for age in range(1, _FADE_DAYS + 1)
    )


@lru_cache(maxsize=16_384)
def _day_return(model: MarketModel, symbol: str, day: int) -> float:
    returns = day_returns(model, symbol, day)
    return float(returns.moves.sum() + returns.jumps.sum())
