"""Schedules: the instants of each series of events, drawn for any range of minutes.

A denser schedule contains the sparser one, so a feed that is restarted at another rate only adds messages.
"""

from dataclasses import dataclass

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import MARKETS
from streaming.feed.noise import Flags, Floats, Ints, Keys, child_keys, root_key, uniform

MIN_RATE = 0.5
_OBSERVATION_SHARE, _TEXT_SHARE, _FORECAST_SHARE = 0.68, 0.20, 0.12
_MESSAGES_A_FORECAST = 6
MARK_MINUTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """Events of a quiet minute: observations a market, texts and forecasts an asset."""

    observations: float
    texts: float
    extra_forecasts: float


BACKGROUND = Density(observations=1.0, texts=0.22, extra_forecasts=0.0)
"""Density of a backfill: about 29,000 messages a day for eight assets."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Events of one series: minute and number within it (their identity), instant, key of their draws."""

    minutes: Ints
    numbers: Ints
    times_us: Ints
    keys: Keys

    def where(self, mask: Flags) -> "Slots":
        return Slots(self.minutes[mask], self.numbers[mask], self.times_us[mask], self.keys[mask])

    def __len__(self) -> int:
        return len(self.minutes)


def density_for_rate(rate: float, symbols: frozenset[str]) -> Density:
    """Return the density at which about ``rate`` messages a second are published for these symbols."""
    a_minute = 60.0 * rate
    share = sum(market.share for market in MARKETS if market.symbol in symbols)
    return Density(
        observations=max(BACKGROUND.observations, _OBSERVATION_SHARE * a_minute / share / 1.08),
        texts=max(BACKGROUND.texts, _TEXT_SHARE * a_minute / len(symbols) / 1.25),
        extra_forecasts=_FORECAST_SHARE * a_minute / len(symbols) / _MESSAGES_A_FORECAST,
    )


def draw_slots(seed: int, *names: str, minutes: Ints, expected: Floats) -> Slots:
    """Return the events of a series in these minutes, ``expected`` on average in each."""
    minute_keys = child_keys(root_key(seed, *names), minutes)
    whole = np.floor(expected)
    counts = (whole + (uniform(minute_keys, 0) < expected - whole)).astype(np.int64)
    numbers = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = child_keys(np.repeat(minute_keys, counts), numbers)
    event_minutes = np.repeat(minutes, counts)
    milliseconds = (uniform(keys, 1) * 60_000).astype(np.int64)  # whole ones, as exchanges give them
    return Slots(event_minutes, numbers, event_minutes * MINUTE_US + milliseconds * 1_000, keys)


def mark_slots(seed: int, *names: str, minutes: Ints) -> Slots:
    """Return one event at each multiple of five minutes; its number is -1, which no drawn event has."""
    marks = minutes[minutes % MARK_MINUTES == 0]
    keys = child_keys(child_keys(root_key(seed, *names), marks), -1)
    return Slots(marks, np.full(marks.shape, -1, dtype=np.int64), marks * MINUTE_US, keys)
