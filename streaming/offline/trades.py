"""Trades of the offline exchange: numbered without holes, a function of seed and time; news may move their prices."""

from dataclasses import dataclass, fields, replace

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import ASSETS, PRIMARY_VENUE, Market
from streaming.feed.noise import Floats, Ints, child_keys, normal, root_key, uniform
from streaming.feed.prices.behaviour import USUAL, Behaviour, MarketModel
from streaming.feed.prices.path import Drift, market_prices
from streaming.offline.news_wire import NewsWire
from streaming.offline.open_slots import OpenSlots

QUOTE = "usd"
MOVE_OF_ONE_TEXT = 0.003  # at a link of 1; half an hour of Bitcoin is 0.004 with its bursts and jumps
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
    """Trades of every asset and instant. At a link above 0, prices follow the texts of the wire."""

    seed: int
    a_minute: int
    wire: NewsWire
    behaviour: Behaviour = USUAL

    def between(self, symbol: str, *, from_us: int, until_us: int, limit: int) -> Trades:
        """Return the first ``limit`` trades in [from_us, until_us), at whole milliseconds."""
        open_slots = self._open_slots(until_us)
        first = open_slots.count_before(from_us // self._slot_us)
        last = min(open_slots.count_before((until_us - 1) // self._slot_us + 1) - 1, first + limit)
        trades = self._trades(symbol, open_slots, first, last)
        selected = np.flatnonzero((trades.times_us >= from_us) & (trades.times_us < until_us))[:limit]
        return Trades(*(getattr(trades, field.name)[selected] for field in fields(trades)))

    def newest(self, symbol: str, *, from_us: int, until_us: int, limit: int) -> Trades:
        """Return the last ``limit`` trades in [from_us, until_us), at whole milliseconds."""
        open_slots = self._open_slots(until_us)
        end = open_slots.count_before((until_us - 1) // self._slot_us + 1)
        # The first and the last slot may have their trade outside of the range.
        first = max(end - limit - 2, open_slots.count_before(from_us // self._slot_us))
        trades = self._trades(symbol, open_slots, first, end - 1)
        selected = np.flatnonzero((trades.times_us >= from_us) & (trades.times_us < until_us))[-limit:]
        return Trades(*(getattr(trades, field.name)[selected] for field in fields(trades)))

    @property
    def _slot_us(self) -> int:
        return MINUTE_US // self.a_minute

    def _open_slots(self, until_us: int) -> OpenSlots:
        model = MarketModel(self.seed, self.behaviour)
        return OpenSlots.of(model, PRIMARY_VENUE, slot_us=self._slot_us, until_us=until_us)

    def _trades(self, symbol: str, open_slots: OpenSlots, first: int, last: int) -> Trades:
        """Return the trades of these numbers, both included."""
        numbers = np.arange(first, last + 1, dtype=np.int64)
        if not len(numbers):
            return Trades(numbers, numbers, np.empty(0), np.empty(0), numbers)
        slots = open_slots.slots(numbers)
        keys = child_keys(root_key(self.seed, "offline trade", symbol), slots)
        times_us = slots * self._slot_us + (uniform(keys, 0) * self._slot_us).astype(np.int64)
        times_us = times_us // 1_000 * 1_000
        # The link is to this wire's texts, and not to the bursts of news that the load feed makes texts of.
        model = MarketModel(self.seed, replace(self.behaviour, link=0.0))
        market, drift = Market(symbol, PRIMARY_VENUE, QUOTE), self._drift(symbol)
        prices = market_prices(model, market, times_us, keys, drift=drift)
        usd = ASSETS[symbol].usual_trade_usd * np.exp(1.3 * normal(keys, 1))
        amounts = np.maximum(np.round(usd / prices, 8), 1e-8)
        return Trades(numbers, times_us, prices, amounts, (uniform(keys, 2) < 0.5).astype(np.int64))

    def _drift(self, symbol: str) -> Drift | None:
        link = self.behaviour.link
        return (lambda times_us: link * news_drift(self.wire, symbol, times_us)) if link else None


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
