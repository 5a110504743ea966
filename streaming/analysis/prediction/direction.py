"""Evidence on the direction of one model's forecasts, and how often the price rises at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtr

_FREEDOM = 4.0
_LEAST_PROBABILITY = 0.02
_N_COMPARISONS = 6
"""Learning models times horizons of one symbol, all of which are looked at."""
_PROVEN = math.log(_N_COMPARISONS / 0.05)
_PRIOR_OUTCOMES = 50.0
_FADING = 0.999


def probability_of_rise(expected: float, deviation: float) -> float:
    """Return what a model says of a rise: that of Student's t, of 4 degrees of freedom, around what it expects."""
    probability = float(stdtr(_FREEDOM, expected / deviation * math.sqrt(2.0)))
    return min(max(probability, _LEAST_PROBABILITY), 1.0 - _LEAST_PROBABILITY)


@dataclass(slots=True)
class DirectionEvidence:
    """Wealth of betting on a model's directions against a coin, on outcomes that do not overlap.

    If rises and falls are even whatever came before, wealth is a martingale, and reaches _PROVEN with a probability of
    at most 0.05 / _N_COMPARISONS however long and often one looks. Source: Ville 1939; Shafer 2021.
    """

    _log_wealth: float = 0.0
    _free_from_us: int = 0

    def observe(self, made_us: int, target_us: int, probability: float, log_return: float) -> None:
        """Add the outcome of a forecast; it counts where it began after the last one that counted had ended."""
        if log_return == 0.0 or made_us < self._free_from_us:
            return
        self._free_from_us = target_us
        self._log_wealth += math.log(2.0 * (probability if log_return > 0.0 else 1.0 - probability))

    @property
    def is_proven(self) -> bool:
        return self._log_wealth >= _PROVEN


@dataclass(slots=True)
class BaseRate:
    """Share of rises among the moves over one horizon, drawn to one half; older ones fade."""

    _n_rises: float = _PRIOR_OUTCOMES / 2.0
    _n_moves: float = _PRIOR_OUTCOMES

    def observe(self, log_return: float) -> None:
        if log_return != 0.0:
            self._n_rises = _FADING * self._n_rises + (1.0 if log_return > 0.0 else 0.0)
            self._n_moves = _FADING * self._n_moves + 1.0

    @property
    def share(self) -> float:
        return self._n_rises / self._n_moves
