"""Score of the predictive distributions of one model and horizon, beside references that know less."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student
from scoringrules import interval_score
from statsmodels.stats.proportion import proportion_confint

from lakehouse.scores.calibration import (
    MIN_GROUP,
    Booleans,
    CoverageTests,
    EventScore,
    LevelBin,
    bin_levels,
    check_coverage,
    score_event,
    shares_by,
    shares_by_decile,
)
from lakehouse.scores.quantiles import BASIS_POINTS, LEVELS, Floats, crps_of_quantiles
from lakehouse.scores.statistics import Integers, compare_losses, pick_non_overlapping
from lakehouse.time_range import DAY_US, HOUR_US

CONSTANT_VOLATILITY, EWMA = "constant-volatility", "ewma"
REFERENCES = (CONSTANT_VOLATILITY, EWMA)
"""References: the price stays, and moves as in a normal distribution of all returns so far, or of the recent ones."""
RANDOM_WALK = "random-walk"
"""Reference of point forecasts: the price stays."""
CRPS, INTERVAL_SCORE = "crps", "interval-score"
WINSORISED_AT = 0.5
"""Deviations of the reference at which a difference of two CRPS counts as 1: under a hundredth is larger."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DistributionOutcomes:
    """Forecasts of one model and horizon with their outcomes, ascending in target time; log returns from base.

    ``crps`` are in basis points. ``deviations`` are those of each reference, by name, NaN where it did not know enough.
    ``probabilities`` are those of moves of more than ``moves``, a column each. ``after_jump``: within half an hour.
    """

    made_us: Integers
    targets_us: Integers
    horizon_us: int
    returns: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    nominal: float
    crps: Floats
    pits: Floats
    moves: tuple[float, ...]
    probabilities: Floats
    deviations: Mapping[str, Floats]
    after_jump: Booleans

    def __len__(self) -> int:
        return len(self.targets_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Mean score of a model beside a reference's on the same outcomes. Lower scores are better.

    ``skill`` is 1 - model / reference, with an interval of 95 % and the p-value of Diebold and Mariano, both for one
    look; ``difference_bp`` is model less reference in basis points of the price.
    """

    reference: str
    score: str
    n: int
    model_bp: float
    reference_bp: float
    difference_bp: float
    skill: float
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointError:
    """Mean error of point forecasts beside the random walk's. ``functional`` is what minimises it: median or mean."""

    loss: str
    functional: str
    model: float
    random_walk: float
    ratio: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Share of outcomes within the interval, with Wilson's bounds for outcomes that do not overlap, by condition."""

    nominal: float
    share: float
    low: float
    high: float
    by_volatility_decile: tuple[float | None, ...]
    by_hour: tuple[float | None, ...]
    after_jump: float | None
    worst_week: float | None
    tests: CoverageTests


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionScore:
    """Figures of one model and horizon. What too few outcomes decide is None, or left out."""

    n: int
    n_apart: int
    comparisons: tuple[Comparison, ...]
    points: tuple[PointError, ...]
    coverage: Coverage
    levels: tuple[LevelBin, ...]
    events: tuple[EventScore, ...]


def score_distribution(outcomes: DistributionOutcomes) -> DistributionScore:
    """Return the figures of at least one outcome."""
    apart = pick_non_overlapping(outcomes.targets_us, outcomes.horizon_us)
    return DistributionScore(
        n=len(outcomes),
        n_apart=len(apart),
        comparisons=tuple(
            comparison
            for name, deviations in outcomes.deviations.items()
            for comparison in _compare(outcomes, name, deviations)
        ),
        points=_points(outcomes),
        coverage=_coverage(outcomes, apart),
        levels=bin_levels(outcomes.pits),
        events=_events(outcomes),
    )


def comparable(outcomes: DistributionOutcomes, reference: str) -> Integers:
    """Return the indices of outcomes that do not overlap, of which the reference says something."""
    known = np.flatnonzero(outcomes.deviations[_scale_of(reference)] > 0)
    apart: Integers = known[pick_non_overlapping(outcomes.targets_us[known], outcomes.horizon_us)]
    return apart


def gains(outcomes: DistributionOutcomes, reference: str, at: Integers) -> Floats:
    """Return by how much forecasts are better than a reference, in WINSORISED_AT of its deviations.

    Distributions are compared by CRPS; with the random walk, which has none, point forecasts by their absolute error.
    """
    deviations, returns = outcomes.deviations[_scale_of(reference)][at], outcomes.returns[at]
    if reference == RANDOM_WALK:
        better_by = np.abs(returns) - np.abs(outcomes.expected[at] - returns)
    else:
        better_by = _normal_crps(returns, deviations) / BASIS_POINTS - outcomes.crps[at] / BASIS_POINTS
    advantages: Floats = better_by / (WINSORISED_AT * deviations)
    return advantages


def references_of(outcomes: DistributionOutcomes) -> tuple[str, ...]:
    """Return the references of a model: the random walk only where it ever says that the price moves."""
    return (*REFERENCES, RANDOM_WALK) if outcomes.expected.any() else REFERENCES


def _scale_of(reference: str) -> str:
    return CONSTANT_VOLATILITY if reference == RANDOM_WALK else reference


def _compare(outcomes: DistributionOutcomes, name: str, deviations: Floats) -> list[Comparison]:
    known = deviations > 0
    if not known.any():
        return []
    returns, targets_us = outcomes.returns[known], outcomes.targets_us[known]
    alpha = 1.0 - outcomes.nominal
    half = deviations[known] * float(norm.ppf(1.0 - alpha / 2.0))
    own = interval_score(returns, outcomes.lower[known], outcomes.upper[known], alpha)
    scores = {
        CRPS: (outcomes.crps[known], _normal_crps(returns, deviations[known])),
        INTERVAL_SCORE: (own * BASIS_POINTS, interval_score(returns, -half, half, alpha) * BASIS_POINTS),
    }
    return [
        _to_comparison(name, score, model, reference, targets_us, outcomes.horizon_us)
        for score, (model, reference) in scores.items()
    ]


def _to_comparison(
    name: str, score: str, model: Floats, reference: Floats, targets_us: Integers, horizon_us: int
) -> Comparison:
    differences, level = model - reference, float(reference.mean())
    mean = float(differences.mean())
    test = compare_losses(differences, targets_us, horizon_us)
    low = high = None
    if test is not None and test.statistic and level:
        half = abs(mean / test.statistic) * float(student.ppf(0.975, test.n_degrees))
        low, high = (-mean - half) / level, (-mean + half) / level
    return Comparison(
        reference=name,
        score=score,
        n=len(model),
        model_bp=float(model.mean()),
        reference_bp=level,
        difference_bp=mean,
        skill=-mean / level if level else 0.0,
        low=low,
        high=high,
        p_value=None if test is None else test.p_value,
    )


def _normal_crps(returns: Floats, deviations: Floats) -> Floats:
    """Return the CRPS of normal distributions at the levels that every distribution is scored at, in basis points."""
    quantiles = deviations[:, None] * norm.ppf(np.array(LEVELS))
    scores: Floats = crps_of_quantiles(returns, quantiles) * BASIS_POINTS
    return scores


def _points(outcomes: DistributionOutcomes) -> tuple[PointError, ...]:
    errors, walk_errors = outcomes.expected - outcomes.returns, -outcomes.returns
    points = []
    for loss, functional, power in (("absolute", "median", 1), ("squared", "mean", 2)):
        model, walk = np.abs(errors) ** power, np.abs(walk_errors) ** power
        test = compare_losses(model - walk, outcomes.targets_us, outcomes.horizon_us)
        points.append(
            PointError(
                loss=loss,
                functional=functional,
                model=float(model.mean()) * BASIS_POINTS**power,
                random_walk=float(walk.mean()) * BASIS_POINTS**power,
                ratio=float(model.mean() / walk.mean()) if walk.any() else None,
                p_value=None if test is None else test.p_value,
            )
        )
    return tuple(points)


def _coverage(outcomes: DistributionOutcomes, apart: Integers) -> Coverage:
    covered = (outcomes.lower <= outcomes.returns) & (outcomes.returns <= outcomes.upper)
    widths = outcomes.upper - outcomes.lower
    share = float(covered.mean())
    low, high = proportion_confint(share * len(apart), len(apart), method="wilson")
    weeks = outcomes.made_us // (7 * DAY_US)
    by_week = shares_by(weeks - weeks.min(), covered, 1)
    jumps = outcomes.after_jump
    return Coverage(
        nominal=outcomes.nominal,
        share=share,
        low=float(low),
        high=float(high),
        by_volatility_decile=shares_by_decile(widths, covered),
        by_hour=shares_by(outcomes.made_us // HOUR_US % 24, covered, 24),
        after_jump=float(covered[jumps].mean()) if jumps.sum() >= MIN_GROUP else None,
        worst_week=min((one for one in by_week if one is not None), default=None),
        tests=check_coverage(covered[apart], widths[apart], nominal=outcomes.nominal),
    )


def _events(outcomes: DistributionOutcomes) -> tuple[EventScore, ...]:
    sizes = np.abs(np.expm1(outcomes.returns))
    scored = (
        score_event(
            move,
            outcomes.probabilities[:, at],
            (sizes > move).astype(np.float64),
            outcomes.targets_us,
            outcomes.horizon_us,
        )
        for at, move in enumerate(outcomes.moves)
    )
    return tuple(event for event in scored if event is not None)
