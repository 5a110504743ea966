"""The primary market of one symbol, hour by hour, from prices in the order of their arrival."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakehouse.series.active_hours import NO_HOURS, ActiveHours, change_hours, next_primary
from lakehouse.series.markets import Market, SymbolRules

MAX_MARKETS = 64
_KEPT_RUNS = 4


@dataclass(slots=True)
class PrimaryMarket:
    """The rule of the lake's schedule on what has arrived. Bounded: a few runs of hours of at most MAX_MARKETS markets.

    An hour that is over is decided: prices of it that come later make a market active, and change no earlier choice.
    """

    rules: SymbolRules
    _hours: dict[Market, ActiveHours] = field(default_factory=dict)
    _noted: set[Market] = field(default_factory=set)
    _hour: int = -1
    _before: Market | None = None
    _now: Market | None = None
    """The choice of the hour before the newest, and that of the newest."""

    def note(self, market: Market, hour: int) -> bool:
        """Note a price of a market in an hour; return whether that market is the primary one of the newest hour."""
        if hour != self._hour or market not in self._noted:
            self._add(market, hour)
            if hour > self._hour:
                self._advance(hour)
            if hour == self._hour:
                self._noted.add(market)
            self._now = next_primary(self._before, self._hours, self._hour)
        return market == self._now

    def _add(self, market: Market, hour: int) -> None:
        hours = dict(self._hours)
        if market not in hours and len(hours) >= MAX_MARKETS:
            silent = (each for each in hours if each not in (self._before, self._now))
            del hours[min(silent, key=lambda each: hours[each].runs[-1][1])]
        runs = hours.get(market, NO_HOURS).joined(ActiveHours(((hour, hour),))).runs
        hours[market] = ActiveHours(runs[-_KEPT_RUNS:])
        self._hours = {each: hours[each] for each in sorted(hours, key=self.rules.rank)}

    def _advance(self, hour: int) -> None:
        """Decide the hours up to the one before an hour, which becomes the newest."""
        for at in change_hours(self._hours.values()):
            if self._hour <= at < hour:
                self._before = next_primary(self._before, self._hours, at)
        self._hour = hour
        self._noted.clear()
