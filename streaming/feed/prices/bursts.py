"""Bursts of news about an asset, its own and the whole market's: they raise volatility, and texts come with them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from streaming.feed.noise import Floats, Ints, child_keys, root_key, uniform

WHOLE_MARKET = "market"
_BLOCK_MINUTES = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A burst of news about one asset: start, direction, strength, duration."""

    start_minute: int
    direction: float
    strength: float
    duration_minutes: int
    topic_draw: float


def burst_shape(seed: int, symbol: str, minutes: Ints) -> tuple[Floats, Floats]:
    """Return strength and direction of the news at each of the ascending minutes (0 where there is none)."""
    strength, direction = np.zeros(minutes.shape), np.zeros(minutes.shape)
    for burst in bursts(seed, symbol, int(minutes[0]), int(minutes[-1]) + 1):
        ends = (burst.start_minute, burst.start_minute + burst.duration_minutes)
        during = slice(*np.searchsorted(minutes, ends).tolist())
        age = minutes[during] - burst.start_minute
        shape = burst.strength * np.exp(-3.0 * age / burst.duration_minutes)
        direction[during] = np.where(shape > strength[during], burst.direction, direction[during])
        strength[during] = np.maximum(strength[during], shape)
    return strength, direction


def bursts(seed: int, symbol: str, from_minute: int, to_minute: int) -> tuple[Burst, ...]:
    """Return the bursts of news about an asset, its own and the whole market's, that touch [from_minute, to_minute)."""
    first = from_minute // _BLOCK_MINUTES - 1
    candidates = [
        _burst_of_block(seed, scope, block)
        for scope in (symbol, WHOLE_MARKET)
        for block in range(first, (to_minute - 1) // _BLOCK_MINUTES + 1)
    ]
    return tuple(
        burst
        for burst in candidates
        if burst
        and burst.start_minute < to_minute
        and burst.start_minute + burst.duration_minutes > from_minute
    )


@lru_cache(maxsize=16_384)
def _burst_of_block(seed: int, scope: str, block: int) -> Burst | None:
    key = child_keys(root_key(seed, "burst", scope), block)
    draws = uniform(key, np.arange(6)).tolist()
    if draws[0] > (0.22 if scope == WHOLE_MARKET else 0.30):
        return None
    return Burst(
        start_minute=block * _BLOCK_MINUTES + int(draws[1] * _BLOCK_MINUTES),
        direction=1.0 if draws[2] < 0.52 else -1.0,
        strength=0.8 + 2.2 * draws[3] ** 2,
        duration_minutes=25 + int(95 * draws[4]),
        topic_draw=draws[5],
    )
