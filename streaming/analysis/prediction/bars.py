"""One-minute bars of a symbol's primary market, from prices in the order of their arrival."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.series.markets import Market
from lakehouse.time_range import HOUR_US, MINUTE_US
from streaming.analysis.prediction.arrivals import PriceObservation
from streaming.analysis.prediction.primary import PrimaryMarket

MAX_AHEAD_US = MINUTE_US
"""A price stamped further than this after its arrival closes no bar: its clock is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A closed minute (start, end]: its last price, at or before ``end_us``, is what a forecast starts from."""

    end_us: int
    close: float
    close_us: int
    market: Market
    origin: str


@dataclass(slots=True)
class BarBuilder:
    """Builder of one symbol's bars. The same prices in the same order give the same bars.

    A minute is closed by the first price of a later one and never changes after that: later arrivals are left out.
    At the first price of another primary market, bars start again.
    """

    primary: PrimaryMarket
    _minute: int = -1
    _last: PriceObservation | None = None

    def add(self, price: PriceObservation) -> Bar | None:
        """Add a price, and return the bar that it closes, if any."""
        if price.event_us > price.broker_us + MAX_AHEAD_US:
            return None
        minute = (price.event_us - 1) // MINUTE_US
        if not self.primary.note(price.market, price.event_us // HOUR_US) or minute < self._minute:
            return None
        if self._last is not None and price.market != self._last.market:
            self._minute, self._last = -1, None
        if self._last is None or minute > self._minute:
            closed = self._close()
            self._minute, self._last = minute, price
            return closed
        if price.event_us >= self._last.event_us:
            self._last = price
        return None

    def _close(self) -> Bar | None:
        if self._last is None:
            return None
        return Bar(
            end_us=(self._minute + 1) * MINUTE_US,
            close=self._last.price,
            close_us=self._last.event_us,
            market=self._last.market,
            origin=self._last.origin,
        )
