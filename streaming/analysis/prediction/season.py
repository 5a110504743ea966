"""Season of volatility within a day: how much livelier a time of day is than the day's mean."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from streaming.analysis.prediction.features import Vector

DAY_MINUTES = 1_440
N_BINS = 48
_PRIOR_SQUARES = 20.0
"""Squares of mean size that each bin begins with, so that few days give a flat season."""
_DAILY_DECAY = float(0.5 ** (1 / 30))
"""A month-old square counts half."""
_LEAST, _MOST = 0.2, 5.0


@dataclass(slots=True, eq=False)
class TimeOfDaySeason:
    """Multiplicative factors of squared returns by time of day (UTC), their mean over a day being 1.

    Half-hour bins, smoothed over their neighbours and interpolated to minutes; `rebuild` makes them anew once a day.
    Source: Andersen & Bollerslev 1997, "Intraday periodicity and volatility persistence in financial markets".
    """

    _sums: Vector = field(default_factory=lambda: np.full(N_BINS, _PRIOR_SQUARES))
    _counts: Vector = field(default_factory=lambda: np.full(N_BINS, _PRIOR_SQUARES))
    _cumulative: Vector = field(default_factory=lambda: np.arange(3 * DAY_MINUTES + 1, dtype=np.float64))

    def add(self, minute: int, relative_square: float) -> None:
        """Add a square, in units of the long-run mean, that ended with this minute of the epoch."""
        at = minute % DAY_MINUTES * N_BINS // DAY_MINUTES
        self._sums[at] += relative_square
        self._counts[at] += 1.0

    def minutes(self, first: int, n_minutes: int) -> float:
        """Return the sum of the factors of the minutes from ``first`` on: a flat season gives ``n_minutes``.

        ``n_minutes`` is at most two days.
        """
        at = first % DAY_MINUTES
        return float(self._cumulative[at + n_minutes] - self._cumulative[at])

    def rebuild(self) -> None:
        """Compute the factors from the squares so far, and let these count a little less."""
        ratios = self._sums / self._counts
        smooth = (np.roll(ratios, 1) + 2 * ratios + np.roll(ratios, -1)) / 4
        smooth = np.clip(smooth / smooth.mean(), _LEAST, _MOST)
        middles = (np.arange(-1, N_BINS + 1) + 0.5) * DAY_MINUTES / N_BINS
        around = np.concatenate((smooth[-1:], smooth, smooth[:1]))
        factors = np.interp(np.arange(DAY_MINUTES) + 0.5, middles, around)
        factors /= factors.mean()
        self._cumulative[1:] = np.cumsum(np.tile(factors, 3))
        self._sums *= _DAILY_DECAY
        self._counts *= _DAILY_DECAY
