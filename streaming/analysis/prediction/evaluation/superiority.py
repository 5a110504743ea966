"""Tests of a forecaster and its references at once, by bootstrap."""

from dataclasses import dataclass

import numpy as np
from arch.bootstrap import MCS, SPA

from lakehouse.scores.distribution_score import REFERENCES, DistributionOutcomes, gains
from lakehouse.scores.quantiles import Floats
from lakehouse.scores.statistics import MIN_NON_OVERLAPPING, Integers, pick_non_overlapping

MODEL = "forecaster"
CONFIDENCE = 0.9
_N_DRAWS, _SEED = 500, 1
_MOST_OUTCOMES = 5_000
"""Outcomes that the bootstrap draws from; of more, every second, third ... is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperiorSet:
    """Forecasters that cannot be told from the best one, by CRPS, and whether one of the references is better.

    ``included`` is the model confidence set of 90 % (Hansen, Lunde & Nason 2011); ``p_no_reference_is_better`` is the
    p-value of superior predictive ability with the forecaster as benchmark (Hansen 2005).
    """

    n: int
    included: tuple[str, ...]
    p_no_reference_is_better: float


def compare_all(outcomes: DistributionOutcomes) -> SuperiorSet | None:
    """Return the comparison on outcomes that do not overlap; None with under MIN_NON_OVERLAPPING of them."""
    at = _drawn_from(outcomes)
    if len(at) < MIN_NON_OVERLAPPING:
        return None
    losses = _losses(outcomes, at)
    block = max(2, round(len(at) ** (1 / 3)))
    ability = SPA(losses[:, 0], losses[:, 1:], block_size=block, reps=_N_DRAWS, seed=_SEED)
    ability.compute()
    confidence = MCS(losses, size=1.0 - CONFIDENCE, block_size=block, reps=_N_DRAWS, seed=_SEED)
    confidence.compute()
    names = (MODEL, *REFERENCES)
    return SuperiorSet(
        n=len(at),
        included=tuple(name for at, name in enumerate(names) if at in set(confidence.included)),
        p_no_reference_is_better=float(ability.pvalues["consistent"]),
    )


def _drawn_from(outcomes: DistributionOutcomes) -> Integers:
    known = np.logical_and.reduce([outcomes.deviations[name] > 0 for name in REFERENCES])
    places = np.flatnonzero(known)
    apart = places[pick_non_overlapping(outcomes.targets_us[places], outcomes.horizon_us)]
    return apart[:: max(1, -(-len(apart) // _MOST_OUTCOMES))]


def _losses(outcomes: DistributionOutcomes, at: Integers) -> Floats:
    """Return winsorised losses, a column a forecaster: the model's are 0, a reference's what the model gains on it."""
    columns = [np.zeros(len(at)), *(np.clip(gains(outcomes, name, at), -1.0, 1.0) for name in REFERENCES)]
    losses: Floats = np.column_stack(columns)
    return losses
