"""Generated prices: correlated, with volatility in clusters and regimes, a pure function of seed and time.

Each minute's log return is drawn on its own. A day opens at the faded sum of the returns of the days before it, so
that the price stays near its usual level; within the day the fade is spread evenly, without a jump at midnight.

Volatility is higher during a burst of news. Its direction moves prices only where ``link`` is above 0.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.noise import (
    Flags,
    Floats,
    Ints,
    Keys,
    child_keys,
    normal,
    root_key,
    smooth_normal,
    uniform,
)

MINUTES_A_DAY = 1_440
PRIMARY_VENUE = "simx"
_FADE_A_DAY = 0.97
_FADE_DAYS = 150
_BURST_BLOCK_MINUTES = 360
_OUTAGE_BLOCK_MINUTES = 720
_WHOLE_MARKET = "market"
_NEWS_DRIFT = 0.35  # in deviations of a minute, at a link and a strength of 1


@dataclass(frozen=True, slots=True)
class Asset:
    """A traded asset; ``correlation`` is the share of its moves that it has in common with the market."""

    symbol: str
    name: str
    usual_price_usd: float
    daily_volatility: float
    correlation: float
    price_digits: int
    usual_trade_usd: float = 900.0


@dataclass(frozen=True, slots=True)
class Market:
    """A venue where an asset is traded. ``basis_bps`` is the average difference of its prices, in basis points."""

    symbol: str
    venue: str
    quote: str
    basis_bps: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A burst of news about one asset: start, direction, strength, duration."""

    start_minute: int
    direction: float
    strength: float
    duration_minutes: int
    topic_draw: float


ASSETS = {
    asset.symbol: asset
    for asset in (
        # symbol, name, usual price in USD, daily volatility, correlation, digits of a price
        Asset("btc", "Bitcoin", 91_500, 0.022, 0.93, 2),
        Asset("eth", "Ethereum", 3_240, 0.029, 0.86, 2),
        Asset("sol", "Solana", 158, 0.038, 0.78, 3),
        Asset("xrp", "XRP", 2.31, 0.034, 0.66, 5),
        Asset("ada", "Cardano", 0.612, 0.037, 0.72, 5),
        Asset("doge", "Dogecoin", 0.174, 0.045, 0.61, 6),
        Asset("dot", "Polkadot", 4.45, 0.036, 0.74, 4),
        Asset("link", "Chainlink", 15.2, 0.037, 0.73, 4),
    )
}
MARKETS = (
    *(Market(symbol, PRIMARY_VENUE, "usd") for symbol in ASSETS),
    *(Market(symbol, "altx", "usdt", basis_bps=4.0, share=0.5) for symbol in ("btc", "eth", "sol", "xrp")),
)


def mid_prices(seed: int, symbol: str, times_us: Ints, *, link: float = 0.0) -> Floats:
    """Return the asset's price in USD at each instant, interpolated between two minutes."""
    minutes = times_us // MINUTE_US
    part = (times_us - minutes * MINUTE_US) / MINUTE_US
    before, after = (log_prices(seed, symbol, at, link=link) for at in (minutes, minutes + 1))
    prices: Floats = np.exp(before + (after - before) * part)
    return prices


def market_prices(seed: int, market: Market, times_us: Ints, keys: Keys, *, link: float = 0.0) -> Floats:
    """Return one market's price at each instant: the asset's price, its basis, and the noise of single trades."""
    slow = np.sin(
        times_us / (MINUTE_US * 173.0) + 2 * math.pi * uniform(root_key(seed, market.venue, market.symbol), 0)
    )
    basis_bps = market.basis_bps * (1.0 + 0.8 * slow)
    noisy_bps = basis_bps + 1.2 * normal(keys, 10)
    prices = mid_prices(seed, market.symbol, times_us, link=link) * (1.0 + noisy_bps * 1e-4)
    return np.round(prices, ASSETS[market.symbol].price_digits)


def log_prices(seed: int, symbol: str, minutes: Ints, *, link: float = 0.0) -> Floats:
    """Return the logarithm of the price at the start of each minute (epoch minutes, any order)."""
    prices = np.empty(minutes.shape)
    days = minutes // MINUTES_A_DAY
    for day in np.unique(days):
        of_day = days == day
        prices[of_day] = _day_path(seed, symbol, int(day), link)[minutes[of_day] - day * MINUTES_A_DAY]
    return prices


def burst_shape(seed: int, symbol: str, minutes: Ints) -> tuple[Floats, Floats]:
    """Return strength and direction of the news at each of the ascending minutes (0 where there is none)."""
    strength, direction = np.zeros(minutes.shape), np.zeros(minutes.shape)
    for burst in bursts(seed, symbol, int(minutes[0]), int(minutes[-1]) + 1):
        age = minutes - burst.start_minute
        shape = burst.strength * np.exp(-3.0 * np.maximum(age, 0) / burst.duration_minutes)
        shape *= (age >= 0) & (age < burst.duration_minutes)
        direction = np.where(shape > strength, burst.direction, direction)
        strength = np.maximum(strength, shape)
    return strength, direction


def bursts(seed: int, symbol: str, from_minute: int, to_minute: int) -> tuple[Burst, ...]:
    """Return the bursts of news about an asset, its own and the whole market's, that touch [from_minute, to_minute)."""
    first = from_minute // _BURST_BLOCK_MINUTES - 1
    candidates = [
        _burst_of_block(seed, scope, block)
        for scope in (symbol, _WHOLE_MARKET)
        for block in range(first, (to_minute - 1) // _BURST_BLOCK_MINUTES + 1)
    ]
    return tuple(
        burst
        for burst in candidates
        if burst
        and burst.start_minute < to_minute
        and burst.start_minute + burst.duration_minutes > from_minute
    )


def is_down(seed: int, market: Market, times_us: Ints) -> Flags:
    """Return whether the market's venue was out of service at each instant. Outages last 6 to 40 minutes."""
    minutes = times_us / MINUTE_US
    down = np.zeros(times_us.shape, dtype=np.bool_)
    blocks = np.arange(
        int(minutes.min()) // _OUTAGE_BLOCK_MINUTES - 1, int(minutes.max()) // _OUTAGE_BLOCK_MINUTES + 1
    )
    keys = child_keys(root_key(seed, "outage", market.venue), blocks)
    start = (blocks + uniform(keys, 1)) * _OUTAGE_BLOCK_MINUTES
    lasts = np.where(uniform(keys, 0) < 0.22, 6 + 34 * uniform(keys, 2), 0.0)
    for begin, length in zip(start, lasts, strict=True):
        down |= (minutes >= begin) & (minutes < begin + length)
    return down


@lru_cache(maxsize=4096)
def _burst_of_block(seed: int, scope: str, block: int) -> Burst | None:
    key = child_keys(root_key(seed, "burst", scope), block)
    draws = [float(uniform(key, purpose)[0]) for purpose in range(6)]
    if draws[0] > (0.22 if scope == _WHOLE_MARKET else 0.30):
        return None
    return Burst(
        start_minute=block * _BURST_BLOCK_MINUTES + int(draws[1] * _BURST_BLOCK_MINUTES),
        direction=1.0 if draws[2] < 0.52 else -1.0,
        strength=0.8 + 2.2 * draws[3] ** 2,
        duration_minutes=25 + int(95 * draws[4]),
        topic_draw=draws[5],
    )


@lru_cache(maxsize=256)
def _day_path(seed: int, symbol: str, day: int, link: float) -> Floats:
    """Return log prices at the minutes of a day, from its first to the first of the next day."""
    opens, closes = (_log_open(seed, symbol, at, link) for at in (day, day + 1))
    path = np.concatenate(([0.0], np.cumsum(_minute_returns(seed, symbol, day, link))))
    evenly = np.linspace(0.0, 1.0, MINUTES_A_DAY + 1)
    prices: Floats = opens + path + evenly * (closes - opens - path[-1])
    return prices


@lru_cache(maxsize=4096)
def _log_open(seed: int, symbol: str, day: int, link: float) -> float:
    usual = math.log(ASSETS[symbol].usual_price_usd)
    return usual + sum(
        _FADE_A_DAY ** (age - 1) * _day_return(seed, symbol, day - age, link)
        for age in range(1, _FADE_DAYS + 1)
    )


@lru_cache(maxsize=16_384)
def _day_return(seed: int, symbol: str, day: int, link: float) -> float:
    return float(_minute_returns(seed, symbol, day, link).sum())


@lru_cache(maxsize=64)
def _minute_returns(seed: int, symbol: str, day: int, link: float) -> Floats:
    asset = ASSETS[symbol]
    minutes = np.arange(day * MINUTES_A_DAY, (day + 1) * MINUTES_A_DAY, dtype=np.int64)
    own = normal(child_keys(root_key(seed, "return", symbol), minutes), 0)
    mixed = asset.correlation * _common_returns(seed, day) + math.sqrt(1 - asset.correlation**2) * own
    strength, direction = burst_shape(seed, symbol, minutes)
    volatility = (
        asset.daily_volatility
        / math.sqrt(MINUTES_A_DAY)
        * _volatility_factors(seed, day)
        * (1.0 + 1.1 * strength)
    )
    returns: Floats = volatility * (mixed + link * _NEWS_DRIFT * strength * direction)
    return returns


@lru_cache(maxsize=512)
def _common_returns(seed: int, day: int) -> Floats:
    minutes = np.arange(day * MINUTES_A_DAY, (day + 1) * MINUTES_A_DAY, dtype=np.int64)
    return normal(child_keys(root_key(seed, "return", _WHOLE_MARKET), minutes), 0)


@lru_cache(maxsize=512)
def _volatility_factors(seed: int, day: int) -> Floats:
    """Return factors of volatility: a regime of hours, times clusters of half an hour and of minutes."""
    minutes = np.arange(day * MINUTES_A_DAY, (day + 1) * MINUTES_A_DAY, dtype=np.int64)
    root = root_key(seed, "activity")
    regime = np.where(smooth_normal(root, minutes, knot_minutes=300, purpose=0) > 0.5, 1.75, 0.72)
    clusters = 0.35 * smooth_normal(root, minutes, knot_minutes=30, purpose=1)
    clusters += 0.25 * smooth_normal(root, minutes, knot_minutes=4, purpose=2)
    factors: Floats = regime * np.exp(clusters)
    return factors
