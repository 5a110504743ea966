"""Verdicts on distributions: whether one is better than a reference, whatever day one looks, and in words."""

from dataclasses import dataclass
from math import exp

from lakehouse.scores.distribution_score import (
    WINSORISED_AT,
    DistributionOutcomes,
    comparable,
    gains,
)
from lakehouse.scores.evidence import gather_evidence
from lakehouse.scores.statistics import MIN_NON_OVERLAPPING
from lakehouse.time_range import DAY_US

BETTER, WORSE, UNDECIDED, TOO_LITTLE = "better", "worse", "undecided", "too little data"
MIN_DAYS_OUTCOMES = 90
"""Outcomes that a horizon of a day or more needs, for a verdict and for any figure: a quarter of a year."""
_MAX_LOG_E_VALUE = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """Verdict on one row of a card beside one reference, on ``n`` outcomes that do not overlap.

    ``gain`` is the mean advantage in deviations of the reference, each winsorised; ``gain_low`` bounds it from below at
    all times at once. ``e_value`` is evidence for "better": it is shown where it is at least ``needed``, which is
    corrected for every row of the card. ``shown_since_us`` is the target from which on it has been, without a break.
    """

    reference: str
    verdict: str
    n: int
    n_needed: int
    gain: float | None
    gain_low: float | None
    e_value: float | None
    needed: float
    shown_since_us: int | None


def n_needed_for(horizon_us: int) -> int:
    """Return how many outcomes that do not overlap a verdict needs at a horizon."""
    return MIN_DAYS_OUTCOMES if horizon_us >= DAY_US else MIN_NON_OVERLAPPING


def to_row_verdict(outcomes: DistributionOutcomes, reference: str, *, alpha: float) -> RowVerdict:
    """Return the verdict beside a reference, with this probability of being wrong at whatever time one looks.

    "Better" and "worse" have that probability each.
    """
    apart = comparable(outcomes, reference)
    n_needed = n_needed_for(outcomes.horizon_us)
    advantages = gains(outcomes, reference, apart)
    better = gather_evidence(advantages, alpha=alpha)
    worse = gather_evidence(-advantages, alpha=alpha)
    if better is None or worse is None:
        return RowVerdict(
            reference=reference,
            verdict=TOO_LITTLE,
            n=0,
            n_needed=n_needed,
            gain=None,
            gain_low=None,
            e_value=None,
            needed=1.0 / alpha,
            shown_since_us=None,
        )
    verdict, shown = UNDECIDED, None
    if better.n < n_needed:
        verdict = TOO_LITTLE
    elif better.shown_at is not None:
        verdict, shown = BETTER, better.shown_at
    elif worse.shown_at is not None:
        verdict, shown = WORSE, worse.shown_at
    return RowVerdict(
        reference=reference,
        verdict=verdict,
        n=better.n,
        n_needed=n_needed,
        gain=better.mean * WINSORISED_AT,
        gain_low=better.low * WINSORISED_AT,
        e_value=exp(min(better.log_e_value, _MAX_LOG_E_VALUE)),
        needed=1.0 / alpha,
        shown_since_us=None if shown is None else int(outcomes.targets_us[apart[shown]]),
    )
