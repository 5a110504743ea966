"""Predictive distribution of a move in deviations: past moves, with a prior until there are enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from streaming.analysis.prediction.features import Vector

NOMINAL_COVERAGE = 0.9
COVERAGES = (0.2, 0.5, 0.8, NOMINAL_COVERAGE, 0.95)
"""Coverages of the intervals whose ends, with the median, are the quantiles at LEVELS."""
MOVES = (0.005, 0.01, 0.02, 0.05)
MAX_HALF_WIDTH = math.log(4.0) / 2.0
"""Greatest half width of an interval as a log return: an upper bound is at most four times the lower one."""
MAX_SHIFT = 0.05
"""Bound of the adaptation: a 90 % interval is asked of past moves at 85 to 95 %."""
_LOG_RISES, _LOG_FALLS = np.log1p(MOVES), -np.log1p(-np.array(MOVES))
_PRIOR_FREEDOM = 4.0
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Distribution of a log return, symmetric around ``centre``.

    ``deviation`` is its scale, ``half_widths`` those of the intervals of COVERAGES, ``move_probabilities`` those of
    a price that is more than MOVES away from the base price, up or down.
    """

    centre: float
    deviation: float
    half_widths: tuple[float, ...]
    move_probabilities: tuple[float, ...]

    def quantiles(self) -> tuple[float, ...]:
        """Return the log returns at LEVELS."""
        halves = (*(-half for half in reversed(self.half_widths)), 0.0, *self.half_widths)
        return tuple(self.centre + half for half in halves)


class MoveDistribution:
    """Symmetric distribution of standardized log returns: the last ``window`` absolute ones.

    It begins full, with the quantiles of a t distribution of 4 degrees of freedom and deviation 1, which real moves
    replace one by one, spread over its quantiles: the first interval is sane and needs no finite-sample correction.
    Where ``step`` is above 0, the level moves by each hit or miss, within MAX_SHIFT.
    Source: Gibbs & Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021, equation 2.
    """

    __slots__ = ("_next", "_ordered", "_scores", "_shift", "_step")

    def __init__(self, window: int, step: float) -> None:
        levels = (np.arange(window) + 0.5) / window
        quantiles = student_t.ppf((1.0 + levels) / 2.0, _PRIOR_FREEDOM) / math.sqrt(2.0)
        self._ordered: Vector = quantiles
        self._scores: Vector = quantiles[np.argsort(np.arange(window) * _GOLDEN % 1.0)]
        self._next = 0
        self._shift = 0.0
        self._step = step

    def half_widths(self, deviation: float) -> tuple[float, ...]:
        """Return the half widths of the intervals of COVERAGES as log returns of this deviation."""
        ranks = [self._rank(coverage) for coverage in COVERAGES]
        return tuple(np.minimum(self._ordered[ranks] * deviation, MAX_HALF_WIDTH).tolist())

    def move_probabilities(self, centre: float, deviation: float) -> tuple[float, ...]:
        """Return the probabilities of moves of more than MOVES of a log return around a centre."""
        distances = np.concatenate((_LOG_RISES - centre, _LOG_FALLS + centre)) / deviation
        tails = 0.5 * self.exceedances(np.abs(distances))
        tails = np.where(distances < 0.0, 1.0 - tails, tails)
        probabilities: list[float] = (tails[: len(MOVES)] + tails[len(MOVES) :]).tolist()
        return tuple(probabilities)

    def half_width(self, coverage: float = NOMINAL_COVERAGE) -> float:
        """Return the half width, in deviations, of the interval around no move that holds this share of moves."""
        return float(self._ordered[self._rank(coverage)])

    def exceedances(self, deviations: Vector) -> Vector:
        """Return the probabilities of moves, up or down, of more than so many deviations."""
        n = len(self._ordered)
        shares: Vector = (n - self._ordered.searchsorted(deviations, side="right")) / n
        return shares

    def _rank(self, coverage: float) -> int:
        miss = (1.0 - coverage) * (1.0 - self._shift / (1.0 - NOMINAL_COVERAGE))
        n = len(self._ordered)
        return min(max(math.ceil((n + 1) * (1.0 - miss)) - 1, 0), n - 1)

    def observe(self, score: float, *, published: float) -> None:
        """Add an outcome: the absolute move in deviations, and the half width that was published for it."""
        if self._step:
            miss = 1.0 if score > published else 0.0
            moved = self._shift + self._step * (miss - (1.0 - NOMINAL_COVERAGE))
            self._shift = min(max(moved, -MAX_SHIFT), MAX_SHIFT)
        oldest = self._scores[self._next]
        self._scores[self._next] = score
        self._next = (self._next + 1) % len(self._scores)
        ordered = self._ordered
        out, into = int(ordered.searchsorted(oldest)), int(ordered.searchsorted(score))
        if into > out:
            ordered[out : into - 1] = ordered[out + 1 : into]
            ordered[into - 1] = score
        else:
            ordered[into + 1 : out + 1] = ordered[into:out]
            ordered[into] = score
