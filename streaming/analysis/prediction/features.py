"""Features at the end of a closed minute: past returns, volatility, sentiment."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import SentimentObservation
from streaming.analysis.prediction.bars import Bar

Vector = npt.NDArray[np.float64]

RETURN_MINUTES = (1, 5, 15, 60)
WINDOW_MINUTES = max(RETURN_MINUTES)
MAX_FILLED_MINUTES = 2
"""A price fills missing minutes for as long as a realised price may be old; after a longer gap the past restarts."""
SENTIMENT_HALF_LIVES_MINUTES = (5, 30, 240)
MAX_WAITING_MINUTES = 20_160
NEWS_MINUTES = 1_440
N_PRICE_FEATURES = 2 + len(RETURN_MINUTES)
N_FEATURES = N_PRICE_FEATURES + len(SENTIMENT_HALF_LIVES_MINUTES)

_MAX_DEVIATIONS = 5.0
_LEAST_DEVIATION = 1e-6
_FAST_HALF_LIFE_MINUTES, _SLOW_HALF_LIFE_MINUTES = 15, 240
_FORGOTTEN_HALF_LIVES = 20


@dataclass(slots=True)
class Deviation:
    """Deviation of a one-minute log return: the root of an exponentially weighted mean of squares, per minute."""

    half_life_minutes: float
    _variance: float | None = None

    def add(self, log_return: float, n_minutes: int) -> None:
        """Add a return; over several minutes it counts as so many of equal size."""
        per_minute = log_return * log_return / n_minutes
        if self._variance is None:
            self._variance = per_minute
            return
        decay = 0.5 ** (n_minutes / self.half_life_minutes)
        self._variance = decay * self._variance + (1 - decay) * per_minute

    @property
    def value(self) -> float:
        return max(math.sqrt(self._variance or 0.0), _LEAST_DEVIATION)


@dataclass(slots=True)
class PriceHistory:
    """The last WINDOW_MINUTES of closes without a gap. A gap of more than MAX_FILLED_MINUTES empties it.

    ``n_minutes`` is the length of the past without a gap.
    """

    logs: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW_MINUTES + 1))
    n_minutes: int = 0
    _last_end_us: int = 0
    _last_log: float | None = None
    _fast: Deviation = field(default_factory=lambda: Deviation(_FAST_HALF_LIFE_MINUTES))
    _slow: Deviation = field(default_factory=lambda: Deviation(_SLOW_HALF_LIFE_MINUTES))

    def restart(self) -> None:
        """Forget the prices, which the next one does not continue; their volatility stays."""
        self.logs.clear()
        self.n_minutes, self._last_log = 0, None

    def add(self, bar: Bar) -> None:
        """Add the next bar."""
        log = math.log(bar.close)
        before, n_passed = self._last_log, (bar.end_us - self._last_end_us) // MINUTE_US
        self._last_log, self._last_end_us = log, bar.end_us
        if before is None:
            self.logs.append(log)
            return
        if n_passed > MAX_FILLED_MINUTES + 1:
            self.logs.clear()
            self.n_minutes = 0
        else:
            self.logs.extend([before] * (n_passed - 1))
            self.n_minutes += n_passed
        self.logs.append(log)
        for average in (self._fast, self._slow):
            average.add(log - before, n_passed)

    def features(self) -> list[float] | None:
        """Return 1, the past returns in deviations, and the recent volatility; None without a whole window."""
        if self.n_minutes < WINDOW_MINUTES:
            return None
        now, slow = self.logs[-1], self._slow.value
        returns = [_clipped((now - self.logs[-1 - n]) / (slow * math.sqrt(n))) for n in RETURN_MINUTES]
        return [1.0, *returns, _clipped(math.log(self._fast.value / slow))]


@dataclass(slots=True)
class _FadingMean:
    """Sum and count of scores, each halved every half-life; the mean is close to 0 where there are few."""

    half_life_minutes: float
    _sum: float = 0.0
    _count: float = 0.0
    _at_minute: int = 0

    def add(self, minute: int, total: float, count: int, *, now_minute: int) -> None:
        self._fade(now_minute)
        weight = 0.5 ** ((now_minute - minute) / self.half_life_minutes)
        self._sum += weight * total
        self._count += weight * count

    def at(self, now_minute: int) -> float:
        self._fade(now_minute)
        return self._sum / (self._count + 1.0)

    def _fade(self, now_minute: int) -> None:
        decay = 0.5 ** ((now_minute - self._at_minute) / self.half_life_minutes)
        self._sum, self._count, self._at_minute = self._sum * decay, self._count * decay, now_minute


@dataclass(slots=True)
class SentimentHistory:
    """Fading means of the scores that have arrived, of texts published at or before a given minute.

    Texts published later wait, summed by the minute: the newest MAX_WAITING_MINUTES of them.
    """

    _means: list[_FadingMean] = field(
        default_factory=lambda: [_FadingMean(half_life) for half_life in SENTIMENT_HALF_LIVES_MINUTES]
    )
    _waiting: dict[int, tuple[float, int]] = field(default_factory=dict)
    _newest_minute: int | None = None

    def add(self, sentiment: SentimentObservation) -> None:
        minute = (sentiment.event_us - 1) // MINUTE_US
        total, count = self._waiting.get(minute, (0.0, 0))
        self._waiting[minute] = (total + sentiment.score, count + 1)
        if len(self._waiting) > MAX_WAITING_MINUTES:
            del self._waiting[min(self._waiting)]

    def has_news(self, end_us: int) -> bool:
        """Return whether features counted a text of the NEWS_MINUTES before ``end_us``."""
        return self._newest_minute is not None and end_us // MINUTE_US - self._newest_minute <= NEWS_MINUTES

    def features(self, end_us: int) -> list[float]:
        """Return one mean per half-life, of texts published at or before ``end_us``, which never decreases."""
        now_minute = end_us // MINUTE_US - 1
        due = sorted(minute for minute in self._waiting if minute <= now_minute)
        for minute in due:
            total, count = self._waiting.pop(minute)
            self._newest_minute = max(minute, self._newest_minute or 0)
            for mean in self._means:
                if now_minute - minute < _FORGOTTEN_HALF_LIVES * mean.half_life_minutes:
                    mean.add(minute, total, count, now_minute=now_minute)
        return [mean.at(now_minute) for mean in self._means]


def _clipped(deviations: float) -> float:
    return max(-_MAX_DEVIATIONS, min(_MAX_DEVIATIONS, deviations))
