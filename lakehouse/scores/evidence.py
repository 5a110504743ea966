"""Evidence that one forecaster scores better than another, valid however often and whenever one looks.

The differences of scores are bounded: divided by a scale that was known beforehand, and winsorised at 1. What is tested
is their mean so far, whatever their dependence and however it drifts. Outcomes do not overlap.
Source: Howard, Ramdas, McAuliffe & Sekhon 2021 (empirical Bernstein, theorem 4); Choe & Ramdas 2021; Ville 1939.
"""

from dataclasses import dataclass

import numpy as np

from lakehouse.scores.quantiles import Floats

ALPHA = 0.05
"""Probability, over all rows of a card and for ever, that a row without skill is called better."""
_RANGE = 2.0
_STAKES = np.concatenate((2.0 ** np.arange(-10.0, 0.0), (0.7, 0.9))) / _RANGE
_COSTS = (-np.log1p(-_RANGE * _STAKES) - _RANGE * _STAKES) / _RANGE**2
_N_BISECTIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What ``n`` differences say of their mean.

    ``mean`` is that of the winsorised differences, in their scale; ``low`` bounds it from below at all times at once
    with a confidence of 1 - alpha. ``log_e_value`` is the logarithm of the e-value against "not above 0", ``shown_at``
    the index of the difference from which on it has been at least 1 / alpha without a break; None: it is not.
    """

    n: int
    mean: float
    low: float
    log_e_value: float
    shown_at: int | None


def gather_evidence(differences: Floats, *, alpha: float) -> Evidence | None:
    """Return the evidence that the mean of differences is above 0; None without any.

    ``alpha`` is the probability of a wrong verdict, at whatever time one looks.
    """
    bounded = np.clip(differences, -1.0, 1.0)
    n = len(bounded)
    if not n:
        return None
    sums = np.cumsum(bounded)
    log_values = log_e_values(bounded)
    below = np.flatnonzero(log_values < -np.log(alpha))
    first = int(below[-1]) + 1 if len(below) else 0
    return Evidence(
        n=n,
        mean=float(sums[-1]) / n,
        low=_lower_bound(float(sums[-1]), float(_variations(bounded, sums)[-1]), alpha) / n,
        log_e_value=float(log_values[-1]),
        shown_at=first if first < n else None,
    )


def log_e_values(bounded: Floats) -> Floats:
    """Return the logarithm of the e-value after each difference in [-1, 1]: the mean over stakes."""
    sums = np.cumsum(bounded)
    variations = _variations(bounded, sums)
    wealth = sums[:, None] * _STAKES - variations[:, None] * _COSTS
    values: Floats = np.logaddexp.reduce(wealth, axis=1) - np.log(len(_STAKES))
    return values


def _variations(bounded: Floats, sums: Floats) -> Floats:
    """Return the sums of squares around the mean before each difference, which was known by then."""
    before = np.concatenate(([0.0], sums[:-1])) / np.maximum(np.arange(len(bounded)), 1)
    variations: Floats = np.cumsum((bounded - before) ** 2)
    return variations


def _lower_bound(total: float, variation: float, alpha: float) -> float:
    """Return the greatest sum of means that the evidence rejects, by bisection."""
    limit = -np.log(alpha) + np.log(len(_STAKES))
    low = total - 2.0 * float(np.min((limit + variation * _COSTS) / _STAKES))
    high = total
    for _ in range(_N_BISECTIONS):
        middle = (low + high) / 2.0
        is_rejected = np.logaddexp.reduce(_STAKES * (total - middle) - variation * _COSTS) >= limit
        low, high = (middle, high) if is_rejected else (low, middle)
    return low
