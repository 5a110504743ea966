"""Calibration of forecasts: coverage by condition and its tests, levels of outcomes, probabilities of events."""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from lakehouse.scores.quantiles import LEVELS, Floats
from lakehouse.scores.statistics import Integers, compare_losses

MIN_GROUP = 100
"""Outcomes below which the coverage of a group is not told."""
N_DECILES = 10
_N_LAGS = 4
_EDGES = (0.0, *LEVELS, 1.0)
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageTests:
    """P-values of hits and misses of intervals that do not overlap; None where they decide nothing.

    ``kupiec``: the share of misses is the nominal one. ``christoffersen``: a miss does not make the next likelier.
    ``dynamic_quantile``: neither earlier misses nor the width foretell one (Engle & Manganelli 2004).
    """

    kupiec: float | None
    christoffersen: float | None
    dynamic_quantile: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBin:
    """Share of outcomes between two neighbouring levels, beside the share that ought to be there."""

    low: float
    high: float
    share: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Outcomes whose stated probability was in one tenth: how many, mean statement, and how often it happened."""

    n: int
    stated: float
    happened: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScore:
    """Probability of a move of more than ``move``, beside the share of all outcomes that had one.

    ``brier_skill`` is above 0 where it is better than that share; ``calibration_error`` is the mean distance between
    statement and frequency over tenths.
    """

    move: float
    base_rate: float
    brier_skill: float
    p_value: float | None
    calibration_error: float
    reliability: tuple[ReliabilityBin, ...]


def check_coverage(covered: Booleans, widths: Floats, *, nominal: float) -> CoverageTests:
    """Return the tests of intervals in the order of time, none of which overlap."""
    misses = ~covered
    n, n_misses = len(misses), int(misses.sum())
    if not n:
        return CoverageTests(kupiec=None, christoffersen=None, dynamic_quantile=None)
    kupiec = 2.0 * (_log_likelihood(n_misses, n, n_misses / n) - _log_likelihood(n_misses, n, 1.0 - nominal))
    p_value = float(chi2.sf(max(kupiec, 0.0), 1))
    if not 0 < n_misses < n:
        return CoverageTests(kupiec=p_value, christoffersen=None, dynamic_quantile=None)
    after_miss, after_hit = misses[1:][misses[:-1]], misses[1:][covered[:-1]]
    independent = 0.0
    if len(after_miss) and len(after_hit):
        n_both = int(after_miss.sum() + after_hit.sum())
        pooled = _log_likelihood(n_both, n - 1, n_both / (n - 1))
        split = sum(
            _log_likelihood(int(one.sum()), len(one), float(one.mean())) for one in (after_miss, after_hit)
        )
        independent = 2.0 * (split - pooled)
    return CoverageTests(
        kupiec=p_value,
        christoffersen=float(chi2.sf(max(independent, 0.0), 1)),
        dynamic_quantile=_test_dynamic_quantile(misses, widths, 1.0 - nominal),
    )


def _log_likelihood(n_hits: int, n: int, probability: float) -> float:
    of_hits = n_hits * log(probability) if n_hits else 0.0
    return of_hits + ((n - n_hits) * log(1.0 - probability) if n > n_hits else 0.0)


def _test_dynamic_quantile(misses: Booleans, widths: Floats, miss_rate: float) -> float | None:
    if len(misses) < MIN_GROUP:
        return None
    centred = misses - miss_rate
    scaled = (widths - widths.mean()) / (widths.std() or 1.0)
    lags = [centred[_N_LAGS - lag : len(centred) - lag] for lag in range(1, _N_LAGS + 1)]
    inputs = np.column_stack([np.ones(len(centred) - _N_LAGS), *lags, scaled[_N_LAGS:]])
    weights, _, rank, _ = np.linalg.lstsq(inputs, centred[_N_LAGS:], rcond=None)
    statistic = float(weights @ inputs.T @ inputs @ weights) / (miss_rate * (1.0 - miss_rate))
    return float(chi2.sf(statistic, int(rank)))


def shares_by(groups: Integers, covered: Booleans, n_groups: int) -> tuple[float | None, ...]:
    """Return the coverage of each group from 0 to ``n_groups``; None where it has under MIN_GROUP outcomes."""
    counts = np.bincount(groups, minlength=n_groups)
    hits = np.bincount(groups, weights=covered.astype(np.float64), minlength=n_groups)
    return tuple(
        hit / n if n >= MIN_GROUP else None for hit, n in zip(hits.tolist(), counts.tolist(), strict=True)
    )


def shares_by_decile(widths: Floats, covered: Booleans) -> tuple[float | None, ...]:
    """Return the coverage by tenth of the widths, the calmest first."""
    edges = np.quantile(widths, np.arange(1, N_DECILES) / N_DECILES)
    return shares_by(np.searchsorted(edges, widths, side="left"), covered, N_DECILES)


def bin_levels(pits: Floats) -> tuple[LevelBin, ...]:
    """Return the histogram of levels of outcomes; uniform levels have the expected shares."""
    places = np.clip(np.searchsorted(_EDGES, pits, side="right") - 1, 0, len(_EDGES) - 2)
    places = np.where(pits <= 0.0, 0, places)
    counts = np.bincount(places, minlength=len(_EDGES) - 1).tolist()
    return tuple(
        LevelBin(low=low, high=high, share=count / len(pits), expected=high - low)
        for low, high, count in zip(_EDGES[:-1], _EDGES[1:], counts, strict=True)
    )


def score_event(
    move: float, stated: Floats, happened: Floats, targets_us: Integers, horizon_us: int
) -> EventScore | None:
    """Return the figures of one event's probabilities; None where it is too rare or too common to tell."""
    if not MIN_GROUP <= happened.sum() <= len(happened) - MIN_GROUP:
        return None
    rate = float(happened.mean())
    losses = (stated - happened) ** 2
    test = compare_losses(losses - (rate - happened) ** 2, targets_us, horizon_us)
    tenths = np.minimum((stated * 10).astype(np.int64), 9)
    counts = np.bincount(tenths, minlength=10)
    sums = [np.bincount(tenths, weights=values, minlength=10) for values in (stated, happened)]
    return EventScore(
        move=move,
        base_rate=rate,
        brier_skill=1.0 - float(losses.mean()) / (rate * (1.0 - rate)),
        p_value=None if test is None else test.p_value,
        calibration_error=float(np.abs(sums[0] - sums[1]).sum()) / len(happened),
        reliability=tuple(
            ReliabilityBin(n=n, stated=said / n, happened=came / n)
            for n, said, came in zip(counts.tolist(), sums[0].tolist(), sums[1].tolist(), strict=True)
            if n
        ),
    )
