"""Interruptions of a market: outages of a venue without any trade, and times during which a price rests."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import MINUTES_A_DAY, Market
from streaming.feed.noise import Flags, Ints, Keys, child_keys, root_key, uniform
from streaming.feed.prices.behaviour import MarketModel

_CHUNK_BLOCKS = 64
_MANY_BLOCKS = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """At most one interruption begins in each block of time, and none is longer than a block."""

    block_minutes: int
    shortest_minutes: int
    longest_minutes: int


_OUTAGE = _Kind(block_minutes=120, shortest_minutes=6, longest_minutes=40)
_REST = _Kind(block_minutes=720, shortest_minutes=5, longest_minutes=360)


def is_down(model: MarketModel, market: Market, times_us: Ints) -> Flags:
    """Return whether the market's venue was out of service at each instant: all its markets are, 6 to 40 minutes."""
    down = np.zeros(times_us.shape, dtype=np.bool_)
    root = root_key(model.seed, "outage", market.venue)
    for begin_us, end_us in _between(root, times_us, _OUTAGE, model.behaviour.gaps_a_day):
        down |= (times_us >= begin_us) & (times_us < end_us)
    return down


def outages_since_1970(model: MarketModel, venue: str, until_us: int) -> tuple[Ints, Ints]:
    """Return begin and end of all outages of a venue, ascending and apart, at least of those before an instant."""
    n_blocks = max(until_us, 0) // (MINUTE_US * _OUTAGE.block_minutes) // _MANY_BLOCKS * _MANY_BLOCKS
    return _outages_of_blocks(model, venue, n_blocks + _MANY_BLOCKS)


@lru_cache(maxsize=16)
def _outages_of_blocks(model: MarketModel, venue: str, n_blocks: int) -> tuple[Ints, Ints]:
    root = root_key(model.seed, "outage", venue)
    begins, ends = _draw(root, _OUTAGE, model.behaviour.gaps_a_day, np.arange(n_blocks, dtype=np.int64))
    latest = np.maximum.accumulate(ends)
    begins[1:] = np.maximum(begins[1:], latest[:-1])
    apart = begins < latest
    return begins[apart], latest[apart]


def rest_since_us(model: MarketModel, market: Market, times_us: Ints) -> Ints:
    """Return when each instant's price was formed: the instant itself, or the beginning of a rest."""
    since_us = times_us
    root = root_key(model.seed, "rest", market.venue, market.symbol)
    for begin_us, end_us in _between(root, times_us, _REST, model.behaviour.rests_a_day):
        since_us = np.where((times_us >= begin_us) & (times_us < end_us), begin_us, since_us)
    return since_us


def _between(root: Keys, times_us: Ints, kind: _Kind, a_day: float) -> list[tuple[int, int]]:
    """Return begin and end of the interruptions that may touch some of the instants, the latest first."""
    if not a_day or not len(times_us):
        return []
    first_us, last_us = int(times_us.min()), int(times_us.max())
    block_us = MINUTE_US * kind.block_minutes
    found: list[tuple[int, int]] = []
    for chunk in range((first_us // block_us - 1) // _CHUNK_BLOCKS, last_us // block_us // _CHUNK_BLOCKS + 1):
        found += _of_chunk(int(root[0]), kind, a_day, chunk)
    return [(begin, end) for begin, end in reversed(found) if begin <= last_us and first_us < end]


@lru_cache(maxsize=1_024)
def _of_chunk(root: int, kind: _Kind, a_day: float, chunk: int) -> tuple[tuple[int, int], ...]:
    """Return begin and end of the interruptions of _CHUNK_BLOCKS blocks, ascending."""
    blocks = np.arange(chunk * _CHUNK_BLOCKS, (chunk + 1) * _CHUNK_BLOCKS)
    begins, ends = _draw(np.array([root], dtype=np.uint64), kind, a_day, blocks)
    return tuple(zip(begins.tolist(), ends.tolist(), strict=True))


def _draw(root: Keys, kind: _Kind, a_day: float, blocks: Ints) -> tuple[Ints, Ints]:
    """Return begin and end of the interruptions that begin in these blocks, at whole minutes."""
    keys = child_keys(root, blocks)
    happens = uniform(keys, 0) < a_day * kind.block_minutes / MINUTES_A_DAY
    blocks, keys = blocks[happens], keys[happens]
    begins = np.floor((blocks + uniform(keys, 1)) * kind.block_minutes)
    ratio = kind.longest_minutes / kind.shortest_minutes
    lasts = np.rint(kind.shortest_minutes * ratio ** uniform(keys, 2))
    begins_us, ends_us = begins * MINUTE_US, (begins + lasts) * MINUTE_US
    return begins_us.astype(np.int64), ends_us.astype(np.int64)
