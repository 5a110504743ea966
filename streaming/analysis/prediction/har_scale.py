"""Scale of the move over one horizon: a regression on levels of volatility, refitted once a day."""

from __future__ import annotations

import math

import numpy as np

from streaming.analysis.prediction.features import Vector
from streaming.analysis.prediction.volatility import HALF_LIVES_MINUTES, Reading

_RIDGE_OUTCOMES = 200.0
_LEAST_SHARE = 0.05
"""Share of the slowest level that is added to a realised variance before its logarithm, which a quiet time has not."""
_LEAST_DEVIATIONS = 0.05
_MAX_LOG_VARIANCE = 20.0


class HarScale:
    """Deviation of the log return over a horizon of one market.

    sigma^2 = (minutes of the horizon, weighted by season) * exp(b0 + sum of b_k * log level_k). The weights begin equal
    and are drawn to that by a ridge of _RIDGE_OUTCOMES outcomes; older outcomes fade by the half-life given.
    sigma is at least half a tick and _LEAST_DEVIATIONS of the long run.
    Source: Corsi 2009 (HAR) in logarithms; Hoerl & Kennard 1970 for the ridge, towards equal weights.
    """

    __slots__ = ("_at", "_daily_decay", "_moments", "_n_minutes", "_prior", "_products", "_ridge", "_weights")

    def __init__(self, n_minutes: int, half_lives_minutes: tuple[int, ...], learning_days: float) -> None:
        n_levels = len(half_lives_minutes)
        self._n_minutes = n_minutes
        self._at = np.array([HALF_LIVES_MINUTES.index(one) for one in half_lives_minutes])
        self._daily_decay = float(0.5 ** (1.0 / learning_days))
        self._prior: Vector = np.concatenate(([0.0], np.full(n_levels, 1.0 / n_levels)))
        self._weights: Vector = self._prior.copy()
        self._moments: Vector = np.zeros((n_levels + 1, n_levels + 1))
        self._products: Vector = np.zeros(n_levels + 1)

    def inputs(self, reading: Reading) -> Vector:
        """Return 1 and the logarithms of the levels of this horizon, slowest last."""
        inputs = np.empty(len(self._at) + 1)
        inputs[0] = 1.0
        inputs[1:] = reading.log_variances[self._at]
        return inputs

    def deviation(self, reading: Reading, inputs: Vector, seasonal_minutes: float) -> float:
        """Return sigma of the log return over the horizon, from now on."""
        log_variance = min(float(self._weights @ inputs), _MAX_LOG_VARIANCE)
        variance = max(math.exp(log_variance), _LEAST_DEVIATIONS**2 * reading.long_run)
        stale = 1.0 + reading.stale_minutes / self._n_minutes
        return max(math.sqrt(seasonal_minutes * variance * stale), reading.half_tick)

    def learn(self, inputs: Vector, realised_variance: float, seasonal_minutes: float) -> None:
        """Learn from the variance that followed these inputs."""
        target = math.log(realised_variance / seasonal_minutes + _LEAST_SHARE * math.exp(inputs[-1]))
        self._moments += inputs[:, None] * inputs
        self._products += inputs * target

    def refit(self) -> None:
        """Solve for the weights, and let the outcomes so far count a little less."""
        ridge = _RIDGE_OUTCOMES * np.eye(len(self._prior))
        self._weights[:] = np.linalg.solve(self._moments + ridge, self._products + ridge @ self._prior)
        self._moments *= self._daily_decay
        self._products *= self._daily_decay
