"""Trades of the offline exchange: numbered without holes, a function of seed and time; news may move their prices."""

from dataclasses import dataclass, fields

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import ASSETS, PRIMARY_VENUE, Market, market_prices
from streaming.feed.noise import Floats, Ints, child_keys, normal, root_key, uniform
from streaming.offline.news_wire import NewsWire

QUOTE = "usd"
MOVE_OF_ONE_TEXT = 0.002  # at a link of 1; half an hour of Bitcoin's own noise is 0.003
RISE_US, HOLD_US, FADE_US = 30 * MINUTE_US, 120 * MINUTE_US, 1_440 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades of one asset in the order of time: number, instant, price in USD, amount, whether it was a buy order."""

    numbers: Ints
    times_us: Ints
    prices: Floats
    amounts: Floats
    is_buy: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeBook:
    """Trades of every asset and instant. ``link`` is how strongly news moves prices; 0 is not at all."""

    seed: int
    a_minute: int
    wire: NewsWire
    link: float

    def between(self, symbol: str, *, from_us: int, until_us: int, limit: int) -> Trades:
        """Return the first ``limit`` trades in [from_us, until_us), at whole milliseconds."""
        slot_us = MINUTE_US // self.a_minute
        first = from_us // slot_us
        last = min((until_us - 1) // slot_us, first + limit)
        numbers = np.arange(first, last + 1, dtype=np.int64)
        keys = child_keys(root_key(self.seed, "offline trade", symbol), numbers)
        times_us = (numbers * slot_us + (uniform(keys, 0) * slot_us).astype(np.int64)) // 1_000 * 1_000
        selected = np.flatnonzero((times_us >= from_us) & (times_us < until_us))[:limit]
        numbers, keys, times_us = numbers[selected], keys[selected], times_us[selected]
        asset = ASSETS[symbol]
        if not len(numbers):
            return Trades(numbers, times_us, np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
        prices = market_prices(self.seed, Market(symbol, PRIMARY_VENUE, QUOTE), times_us, keys)
        if self.link:
            moved = prices * np.exp(self.link * news_drift(self.wire, symbol, times_us))
            prices = np.round(moved, asset.price_digits)
        usd = asset.usual_trade_usd * np.exp(1.3 * normal(keys, 1))
        amounts = np.maximum(np.round(usd / prices, 8), 1e-8)
        return Trades(numbers, times_us, prices, amounts, (uniform(keys, 2) < 0.5).astype(np.int64))

    def newest(self, symbol: str, *, from_us: int, until_us: int, limit: int) -> Trades:
        """Return the last ``limit`` trades in [from_us, until_us), at whole milliseconds."""
        n_slots = (
            limit + 2
        )  # a trade a slot; the first and the last slot may have theirs outside of the range
        since_us = max(until_us - n_slots * (MINUTE_US // self.a_minute), from_us)
        trades = self.between(symbol, from_us=since_us, until_us=until_us, limit=n_slots + 1)
        columns = (getattr(trades, field.name)[-limit:] for field in fields(trades))
        return Trades(*columns)


def news_drift(wire: NewsWire, symbol: str, times_us: Ints) -> Floats:
    """Return the move of the logarithm of a price by the asset's news, at a link of 1 and each ascending instant.

    It is 0 before a text is published, whole after half an hour, and 0 again after a day.
    """
    news = wire.between(int(times_us[0]) - FADE_US, int(times_us[-1]) + 1)
    moving = [each for each in news if each.symbol == symbol and each.direction]
    published = np.array([each.time_us for each in moving], dtype=np.int64)
    directions = np.array([each.direction for each in moving], dtype=np.float64)
    ages_us = times_us[:, None] - published[None, :]
    shape = np.interp(ages_us, [0, RISE_US, HOLD_US, FADE_US], [0.0, 1.0, 1.0, 0.0])
    drift: Floats = MOVE_OF_ONE_TEXT * (shape @ directions)
    return drift
