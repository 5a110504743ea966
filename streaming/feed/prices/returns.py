"""Log returns of an asset's minutes: fat tails, clusters of volatility, a shape of the day, jumps.

Each minute is drawn on its own. Volatility is a product of levels that change over minutes to weeks, as in a
multifractal random walk (Bacry, Delour and Muzy 2001), and is the same for all assets but for bursts of their news.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import gammaincinv, ndtr

from streaming.feed.market import ASSETS, MINUTES_A_DAY
from streaming.feed.noise import (
    Floats,
    Ints,
    child_keys,
    normal,
    normal_pairs,
    root_key,
    smooth_normal,
    uniform,
)
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.bursts import WHOLE_MARKET, burst_shape

STEPS_A_MINUTE = 4
_NEWS_DRIFT = 0.35  # in deviations of a minute, at a link and a strength of 1
_DAYS_KNOTS, _HOURS_KNOTS = (28_800, 7_200, 1_440), (480, 90, 20, 5)
_LIVELIEST_MINUTE = 15 * 60
_COMMON_JUMPS = 1.0 / 3.0
_DRAWS = np.linspace(-6.0, 6.0, 1_201)


@dataclass(frozen=True, slots=True, eq=False)
class DayReturns:
    """Log returns of the minutes of a day: the part that comes in steps within a minute, and jumps at its start.

    ``deviations`` are those of the first part.
    """

    moves: Floats
    jumps: Floats
    deviations: Floats


@lru_cache(maxsize=64)
def day_returns(model: MarketModel, symbol: str, day: int) -> DayReturns:
    """Return the returns of an asset on a day of the epoch."""
    asset, minutes = ASSETS[symbol], _minutes_of(day)
    common = _common_day(model, day)
    own = normal(child_keys(root_key(model.seed, "return", symbol), minutes), 0)
    mixed = asset.correlation * common.normals + math.sqrt(1 - asset.correlation**2) * own
    strength, direction = burst_shape(model.seed, symbol, minutes)
    of_minute = asset.daily_volatility / math.sqrt(MINUTES_A_DAY)
    deviations = of_minute * common.factors * (1.0 + model.behaviour.bursts * strength)
    moves = deviations * mixed
    if model.behaviour.link:
        moves = moves + deviations * (model.behaviour.link * _NEWS_DRIFT) * strength * direction
    own_jumps = _jumps(model, symbol, day, share=1.0 - _COMMON_JUMPS)
    jumps = asset.daily_volatility * (own_jumps + asset.correlation * common.jumps)
    return DayReturns(moves, jumps, deviations)


def split_minutes(model: MarketModel, symbol: str, day: int) -> Floats:
    """Return the returns of STEPS_A_MINUTE equal parts of each minute of a day, jumps at the beginning of a minute.

    Within a minute the parts are independent, so that what has been seen of it says nothing of the rest.
    """
    returns = day_returns(model, symbol, day)
    keys = child_keys(root_key(model.seed, "part", symbol), _minutes_of(day))
    draws = np.column_stack((*normal_pairs(keys, 0), *normal_pairs(keys, 1)))
    draws -= draws.mean(axis=1, keepdims=True)
    parts = returns.moves[:, None] / STEPS_A_MINUTE
    parts = parts + draws * (returns.deviations / math.sqrt(STEPS_A_MINUTE))[:, None]
    parts[:, 0] += returns.jumps
    split: Floats = parts.ravel()
    return split


@dataclass(frozen=True, slots=True, eq=False)
class _CommonDay:
    """What the assets have in common on a day, by minute: draws, factors of volatility, jumps in deviations."""

    normals: Floats
    factors: Floats
    jumps: Floats


@lru_cache(maxsize=512)
def _common_day(model: MarketModel, day: int) -> _CommonDay:
    keys = child_keys(root_key(model.seed, "return", WHOLE_MARKET), _minutes_of(day))
    normals, scale_draws = normal_pairs(keys, 0)
    factors = _volatility_factors(model, day) * _tail_factors(scale_draws, model.behaviour.tail_freedom)
    return _CommonDay(normals, factors, _jumps(model, WHOLE_MARKET, day, share=_COMMON_JUMPS))


def _volatility_factors(model: MarketModel, day: int) -> Floats:
    """Return the volatility of each minute beside the usual one; the mean of their squares is 1 in the long run."""
    behaviour, minutes = model.behaviour, _minutes_of(day)
    shape = behaviour.daily_shape
    logs = shape * np.cos((minutes - _LIVELIEST_MINUTE) * (2.0 * math.pi / MINUTES_A_DAY))
    logs -= 0.5 * math.log(float(np.i0(2.0 * shape)))
    root = root_key(model.seed, "activity")
    levels = ((behaviour.clusters_across_days, _DAYS_KNOTS), (behaviour.clusters_within_day, _HOURS_KNOTS))
    for deviation, knots in levels:
        each = deviation / math.sqrt(len(knots))
        logs -= deviation**2
        for knot_minutes in knots if deviation else ():
            logs += each * smooth_normal(root, minutes, knot_minutes=knot_minutes, purpose=knot_minutes)
    factors: Floats = np.exp(logs)
    return factors


def _tail_factors(draws: Floats, freedom: float) -> Floats:
    """Return scales that make Student's t of unit variance out of normal numbers, from other normal draws."""
    factors: Floats = np.exp(np.interp(draws, _DRAWS, _log_scales(freedom)))
    return factors


@lru_cache(maxsize=16)
def _log_scales(freedom: float) -> Floats:
    """Return the logarithms of the scales at _DRAWS: t is normal over the root of chi-squared by its freedom."""
    squares = 2.0 * gammaincinv(freedom / 2.0, ndtr(_DRAWS))
    logs: Floats = 0.5 * np.log((freedom - 2.0) / squares)
    return logs


def _jumps(model: MarketModel, scope: str, day: int, *, share: float) -> Floats:
    """Return the jumps of the minutes of a day, in deviations of a day: few, as often up as down, of any size."""
    probability = share * model.behaviour.jumps_a_day / MINUTES_A_DAY
    jumps = np.zeros(MINUTES_A_DAY)
    keys = child_keys(root_key(model.seed, "jump", scope), _minutes_of(day))
    at = np.flatnonzero(uniform(keys, 0) < probability)
    if len(at):
        sizes = -np.log(uniform(keys[at], 1)) * model.behaviour.jump_size
        jumps[at] = np.where(uniform(keys[at], 2) < 0.5, sizes, -sizes)
    return jumps


def _minutes_of(day: int) -> Ints:
    return np.arange(day * MINUTES_A_DAY, (day + 1) * MINUTES_A_DAY, dtype=np.int64)
