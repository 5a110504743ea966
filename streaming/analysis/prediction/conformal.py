"""Prediction intervals whose coverage is measured and corrected with every outcome."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

NOMINAL_COVERAGE = 0.9
MIN_SCORES = 30
MAX_SCORES = 500
STEP = 0.005
"""Source: Gibbs & Candès 2021, section 4: gamma = 0.005."""
BEYOND_FACTOR = 2.0


@dataclass(slots=True)
class AdaptiveInterval:
    """Adaptive conformal inference on the last MAX_SCORES scores (absolute residuals in deviations).

    The half width is a quantile of past scores; the quantile's level moves by each hit or miss, so that the share of
    misses tends to 1 - NOMINAL_COVERAGE whatever the scores' distribution does. Departures from the paper: where its
    interval is infinite, ours is BEYOND_FACTOR times the greatest score, since a message carries finite numbers; a
    level never leaves [0, 1]; and of ``overlap`` scores whose horizons overlap only one counts for the finite-sample
    correction (n + 1) / n, so that few days make a wide interval. None until MIN_SCORES scores.

    Source: Gibbs & Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021, equation 2.
    """

    overlap: float = 1.0
    _miss_level: float = 1.0 - NOMINAL_COVERAGE
    _scores: deque[float] = field(default_factory=deque)
    _ordered: list[float] = field(default_factory=list)

    @property
    def half_width(self) -> float | None:
        """Half width of the next interval, in deviations."""
        n = len(self._ordered)
        if n < MIN_SCORES:
            return None
        rank = math.ceil((n + self.overlap) * (1.0 - self._miss_level))
        if rank > n:
            return BEYOND_FACTOR * self._ordered[-1]
        return self._ordered[max(rank, 1) - 1]

    def observe(self, score: float, *, published: float | None) -> None:
        """Add an outcome: its score, and the half width that was published with its forecast, if any."""
        if published is not None:
            miss = 1.0 if score > published else 0.0
            moved = self._miss_level + STEP * ((1.0 - NOMINAL_COVERAGE) - miss)
            self._miss_level = min(max(moved, 0.0), 1.0)
        self._scores.append(score)
        insort(self._ordered, score)
        if len(self._scores) > MAX_SCORES:
            del self._ordered[bisect_left(self._ordered, self._scores.popleft())]
