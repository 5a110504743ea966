"""What is kept of one symbol for its row in an overview."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lakehouse.overview.closes import Integers, MinuteCloses
from lakehouse.overview.observations import Observation
from lakehouse.series.active_hours import NO_HOURS, ActiveHours
from lakehouse.series.market_schedule import MarketSchedule, schedule_markets
from lakehouse.series.markets import Market, SymbolRules
from lakehouse.time_range import DAY_US, HOUR_US, TimeRange

FORECAST_HORIZON = "24h"
TEXT_SPAN_US = 2 * DAY_US
"""The last 24 h of texts, and the 24 h before, which they are compared with."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Spans of which prices are kept while the end of an overview is in one hour."""

    recent_start_us: int
    week_ago: TimeRange

    @staticmethod
    def at(end_us: int) -> "Windows":
        """Return the windows of an end: a day and more, and the hours around a week before."""
        hour_us = (end_us - 1) // HOUR_US * HOUR_US
        week_us = hour_us - 7 * DAY_US
        return Windows(hour_us - 26 * HOUR_US, TimeRange(week_us - HOUR_US, week_us + HOUR_US))


class Forecast(NamedTuple):
    """One forecast in the total order of rows; its time is when it was made."""

    time_us: int
    source: Any
    offset: int
    values: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class Texts:
    """Times and scores of the texts that count, in any order."""

    times: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    scores: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0, dtype=np.float64))

    def extend(self, times: list[int], scores: list[float]) -> None:
        """Add texts."""
        self.times = np.concatenate([self.times, np.array(times, dtype=np.int64)])
        self.scores = np.concatenate([self.scores, np.array(scores, dtype=np.float64)])

    def within(self, time_range: TimeRange) -> npt.NDArray[np.float64]:
        """Return the scores of a range."""
        scores: npt.NDArray[np.float64] = self.scores[
            (self.times >= time_range.start_us) & (self.times < time_range.end_us)
        ]
        return scores

    def trim(self, start_us: int) -> None:
        """Forget the texts before an instant."""
        kept = self.times >= start_us
        self.times, self.scores = self.times[kept], self.scores[kept]


@dataclass(slots=True, eq=False)
class SymbolState:
    """Prices, texts and forecasts of one symbol that its row may need. The owner's lock guards it."""

    rules: SymbolRules
    hours: dict[Market, ActiveHours] = field(default_factory=dict)
    recent: dict[Market, MinuteCloses] = field(default_factory=dict)
    week_ago: dict[Market, MinuteCloses] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    forecasts: list[Forecast] = field(default_factory=list)
    """The newest one before the end so far, and those at or after it, ascending."""
    is_changed: bool = True
    _schedule: MarketSchedule | None = None

    @property
    def schedule(self) -> MarketSchedule:
        """Which market is the primary one when."""
        if self._schedule is None:
            self._schedule = schedule_markets(tuple(sorted(self.hours.items())), self.rules)
        return self._schedule

    def note_hours(self, market: Market, hours: ActiveHours) -> None:
        """Note that a market had prices in some hours."""
        known = self.hours.get(market, NO_HOURS)
        joined = known.joined(hours)
        if joined is not known:
            self.hours[market], self._schedule = joined, None

    def add_price(self, row: Observation, windows: Windows) -> None:
        """Add a price to the window that it is in; idempotent."""
        venue, quote, price = row.values
        market = Market(venue, quote)
        self.note_hours(market, ActiveHours.of([row.time_us // HOUR_US]))
        if row.time_us >= windows.recent_start_us:
            closes = self.recent.setdefault(market, MinuteCloses())
        elif windows.week_ago.start_us <= row.time_us < windows.week_ago.end_us:
            closes = self.week_ago.setdefault(market, MinuteCloses())
        else:
            return
        closes.add(row.time_us, row.source, row.offset, price)

    def add_text(self, row: Observation, *, since_us: int) -> None:
        """Add a text, if it is scored and recent. Each row is added once."""
        (score,) = row.values
        if score is not None and row.time_us >= since_us:
            self.texts.extend([row.time_us], [score])

    def add_forecast(self, row: Observation, *, end_us: int) -> None:
        """Add a forecast of FORECAST_HORIZON; only the newest before an end is kept."""
        horizon, *_ = row.values
        if horizon == FORECAST_HORIZON:
            self.forecasts = sorted([*self.forecasts, Forecast(*row.key, row.values)], key=_key)
            self.settle_forecasts(end_us)

    def settle_forecasts(self, end_us: int) -> None:
        """Forget the forecasts before the newest one that was made before an end."""
        made = sum(forecast.time_us < end_us for forecast in self.forecasts)
        self.forecasts = self.forecasts[max(made - 1, 0) :]

    def newest_forecast(self, time_range: TimeRange) -> Forecast | None:
        """Return the newest forecast that was made within a range."""
        made = [each for each in self.forecasts if time_range.start_us <= each.time_us < time_range.end_us]
        return made[-1] if made else None

    def trim(self, windows: Windows, end_us: int) -> None:
        """Forget what no row needs any more; the prices of a week ago are read anew."""
        self.recent = {
            market: closes.since(windows.recent_start_us) for market, closes in self.recent.items()
        }
        self.week_ago = {}
        self.texts.trim(end_us - TEXT_SPAN_US)
        self.settle_forecasts(end_us)


def _key(forecast: Forecast) -> tuple[int, Any, int]:
    return forecast.time_us, forecast.source, forecast.offset
