"""Evaluation of the forecaster on candles: intervals and distributions beside two references of constant shape.

The centre of every distribution is the last price: the price stays. What is compared is how far it moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from lakehouse.scores.quantiles import LEVELS
from lakehouse.scores.statistics import (
    Floats,
    Integers,
    compare_losses,
    count_non_overlapping,
    pinball_loss,
)
from lakehouse.series.markets import Market
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import PriceObservation
from streaming.analysis.prediction.candles import Candles
from streaming.analysis.prediction.distribution import MOVES, NOMINAL_COVERAGE
from streaming.analysis.prediction.minute_forecaster import MAX_REALISED_AGE_US, MinuteForecaster
from streaming.analysis.prediction.models import HORIZONS, RANDOM_WALK, Horizon
from streaming.analysis.prediction.volatility import RETURN_MINUTES

WARM_UP_DAYS = {"5m": 1, "1h": 3, "24h": 10}
"""Days at the beginning that are not scored: until then the references know next to nothing either."""
RISK_METRICS_DECAY = 0.94
"""Source: RiskMetrics technical document 1996: decay a period, here a horizon."""
JUMP_DEVIATIONS, AFTER_JUMP_MINUTES = 6.0, 30
MIN_GROUP = 100
_MARKET = Market("file", "usd")
_MAX_AGE_MINUTES = MAX_REALISED_AGE_US // MINUTE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEvaluation:
    """Figures of the probability of a move of more than ``move`` up or down, beside its share of all outcomes.

    ``brier_skill`` is above 0 where it is better than that share; ``calibration_error`` is the mean distance between
    stated probability and frequency, over tenths of probability.
    """

    move: float
    base_rate: float
    brier_skill: float
    p_value: float | None
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonEvaluation:
    """Figures of one horizon. Scores are ratios to a reference, below 1 where the forecaster is better.

    ``interval_score_bp`` is the mean score of the 90 % interval in basis points of the price; ``p_value`` that of
    Diebold and Mariano for interval scores beside constant volatility, two-sided. ``coverage_low`` and
    ``coverage_high`` are Wilson's, for ``n_apart`` outcomes that do not overlap. Coverage by group is None where the
    group is smaller than MIN_GROUP.
    """

    horizon: str
    n: int
    n_apart: int
    share_without_forecast: float
    interval_score_bp: float
    interval_score_vs_constant_volatility: float
    interval_score_vs_ewma: float
    crps_vs_constant_volatility: float
    crps_vs_ewma: float
    p_value: float | None
    coverage: float
    coverage_low: float
    coverage_high: float
    coverage_calmest_decile: float
    coverage_liveliest_decile: float
    coverage_lowest_hour: float | None
    coverage_highest_hour: float | None
    coverage_after_jump: float | None
    coverage_worst_week: float | None
    greatest_ratio_of_bounds: float
    events: tuple[EventEvaluation, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Forecasts of one horizon with their outcomes, in log returns from the base price."""

    minutes: Integers
    moves: Floats
    quantiles: Floats
    probabilities: Floats
    n_minutes: int


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Log closes of every minute from the first to the last, the last known one where a minute has none."""

    first_minute: int
    logs: Floats
    ages: Integers

    @staticmethod
    def of(candles: Candles) -> _Grid:
        first, n = int(candles.minutes[0]), int(candles.minutes[-1] - candles.minutes[0] + 1)
        known = np.zeros(n, dtype=np.int64)
        at = candles.minutes - first
        known[at] = at
        np.maximum.accumulate(known, out=known)
        logs = np.zeros(n)
        logs[at] = np.log(candles.closes)
        return _Grid(first, logs[known], np.arange(n) - known)


def evaluate(candles: Candles) -> list[HorizonEvaluation]:
    """Return the figures of every horizon that has forecasts after its WARM_UP_DAYS."""
    grid = _Grid.of(candles)
    forecasts = _forecast(candles)
    evaluations = []
    for horizon in HORIZONS:
        made, quantiles, probabilities = forecasts[horizon.name]
        scored = _with_outcomes(horizon, grid, made, quantiles, probabilities)
        if len(scored.minutes) >= MIN_GROUP:
            evaluations.append(_evaluate(horizon, scored, grid))
    return evaluations


def _observations(candles: Candles) -> Iterator[PriceObservation]:
    for minute, close in zip(candles.minutes.tolist(), candles.closes.tolist(), strict=True):
        time_us = (minute + 1) * MINUTE_US - 1_000_000
        yield PriceObservation(time_us, time_us, _MARKET, close, "collected")


def _forecast(candles: Candles) -> dict[str, tuple[Integers, Floats, Floats]]:
    """Return, by horizon, the last minute known to each forecast, its quantiles and probabilities of moves."""
    forecaster = MinuteForecaster("file")
    made: dict[str, list[int]] = {horizon.name: [] for horizon in HORIZONS}
    quantiles: dict[str, list[tuple[float, ...]]] = {horizon.name: [] for horizon in HORIZONS}
    probabilities: dict[str, list[tuple[float, ...]]] = {horizon.name: [] for horizon in HORIZONS}
    for observation in _observations(candles):
        for one in forecaster.add(observation):
            if one.model == RANDOM_WALK and one.spread is not None:
                made[one.horizon].append(one.made_us // MINUTE_US - 1)
                quantiles[one.horizon].append(one.spread.quantiles())
                probabilities[one.horizon].append(one.spread.move_probabilities)
    return {
        name: (
            np.array(made[name], dtype=np.int64),
            np.array(quantiles[name]).reshape(-1, len(LEVELS)),
            np.array(probabilities[name]).reshape(-1, len(MOVES)),
        )
        for name in made
    }


def _with_outcomes(
    horizon: Horizon, grid: _Grid, made: Integers, quantiles: Floats, probabilities: Floats
) -> _Scored:
    at = made - grid.first_minute
    targets = at + horizon.minutes
    known = targets < len(grid.logs)
    known &= grid.ages[np.minimum(targets, len(grid.logs) - 1)] <= _MAX_AGE_MINUTES
    known &= at >= WARM_UP_DAYS[horizon.name] * 1_440
    at, targets = at[known], targets[known]
    return _Scored(
        at, grid.logs[targets] - grid.logs[at], quantiles[known], probabilities[known], horizon.minutes
    )


def _evaluate(horizon: Horizon, scored: _Scored, grid: _Grid) -> HorizonEvaluation:
    constant, ewma = _references(grid, horizon.minutes)
    scores = _interval_scores(scored.moves, scored.quantiles)
    crps = _crps(scored.moves, scored.quantiles)
    of_constant, of_ewma = (_normal_quantiles(reference[scored.minutes]) for reference in (constant, ewma))
    constant_scores = _interval_scores(scored.moves, of_constant)
    lower, upper = _bounds(scored.quantiles)
    covered = (lower <= scored.moves) & (scored.moves <= upper)
    width = upper - lower
    targets_us = (grid.first_minute + scored.minutes + horizon.minutes) * MINUTE_US
    n_apart = count_non_overlapping(targets_us, horizon.minutes * MINUTE_US)
    low, high = proportion_confint(float(covered.mean()) * n_apart, n_apart, method="wilson")
    test = compare_losses(scores - constant_scores, targets_us, horizon.minutes * MINUTE_US)
    calm, lively = np.quantile(width, [0.1, 0.9])
    by_hour = _coverage_by((grid.first_minute + scored.minutes) // 60 % 24, covered)
    by_week = _coverage_by((grid.first_minute + scored.minutes) // 10_080, covered)
    jumps = _after_jump(grid, constant / math.sqrt(horizon.minutes))[scored.minutes]
    n_possible = len(grid.logs) - WARM_UP_DAYS[horizon.name] * 1_440 - horizon.minutes
    return HorizonEvaluation(
        horizon=horizon.name,
        n=len(covered),
        n_apart=n_apart,
        share_without_forecast=max(0.0, 1.0 - len(covered) / n_possible),
        interval_score_bp=float(scores.mean()) * 1e4,
        interval_score_vs_constant_volatility=float(scores.mean() / constant_scores.mean()),
        interval_score_vs_ewma=float(scores.mean() / _interval_scores(scored.moves, of_ewma).mean()),
        crps_vs_constant_volatility=float(crps.mean() / _crps(scored.moves, of_constant).mean()),
        crps_vs_ewma=float(crps.mean() / _crps(scored.moves, of_ewma).mean()),
        p_value=None if test is None else test.p_value,
        coverage=float(covered.mean()),
        coverage_low=float(low),
        coverage_high=float(high),
        coverage_calmest_decile=float(covered[width <= calm].mean()),
        coverage_liveliest_decile=float(covered[width >= lively].mean()),
        coverage_lowest_hour=min(by_hour, default=None),
        coverage_highest_hour=max(by_hour, default=None),
        coverage_after_jump=float(covered[jumps].mean()) if jumps.sum() >= MIN_GROUP else None,
        coverage_worst_week=min(by_week, default=None),
        greatest_ratio_of_bounds=float(np.exp(width.max())),
        events=_events(scored, targets_us),
    )


def _references(grid: _Grid, n_minutes: int) -> tuple[Floats, Floats]:
    """Return deviations of the move over a horizon, by minute, of constant volatility and of an EWMA.

    Constant: the root mean square of all five-minute returns so far. EWMA: of the same squares, RISK_METRICS_DECAY a
    horizon. Neither sees a return over a gap.
    """
    returns = np.zeros(len(grid.logs))
    returns[RETURN_MINUTES:] = grid.logs[RETURN_MINUTES:] - grid.logs[:-RETURN_MINUTES]
    is_fresh = grid.ages <= _MAX_AGE_MINUTES
    counts = np.zeros(len(returns))
    counts[RETURN_MINUTES:] = is_fresh[RETURN_MINUTES:] & is_fresh[:-RETURN_MINUTES]
    squares = returns * returns * counts / RETURN_MINUTES
    constant = np.sqrt(n_minutes * np.cumsum(squares) / np.maximum(np.cumsum(counts), 1.0))
    decay = RISK_METRICS_DECAY ** (1.0 / n_minutes)
    ewma = np.sqrt(n_minutes * _fading_sum(squares, decay) / np.maximum(_fading_sum(counts, decay), 1e-12))
    return constant, ewma


def _fading_sum(values: Floats, decay: float) -> Floats:
    fading: Floats = lfilter([1.0], [1.0, -decay], values)
    return fading


def _normal_quantiles(deviations: Floats) -> Floats:
    quantiles: Floats = deviations[:, None] * norm.ppf(np.array(LEVELS))
    return quantiles


def _bounds(quantiles: Floats) -> tuple[Floats, Floats]:
    low, high = LEVELS.index(0.05), LEVELS.index(0.95)
    return quantiles[:, low], quantiles[:, high]


def _interval_scores(moves: Floats, quantiles: Floats) -> Floats:
    """Return the score of each 90 % interval. Source: Gneiting & Raftery 2007, equation 43."""
    lower, upper = _bounds(quantiles)
    beyond = np.maximum(lower - moves, 0.0) + np.maximum(moves - upper, 0.0)
    scores: Floats = upper - lower + 2.0 / (1.0 - NOMINAL_COVERAGE) * beyond
    return scores


def _crps(moves: Floats, quantiles: Floats) -> Floats:
    """Return the continuous ranked probability score, by the trapezoidal rule over LEVELS.

    Source: Laio & Tamea 2007: twice the integral of the pinball loss over all levels.
    """
    levels = np.array(LEVELS)
    losses = pinball_loss(quantiles, moves[:, None], levels)
    scores: Floats = 2.0 * np.trapezoid(losses, levels, axis=1)
    return scores


def _coverage_by(groups: Integers, covered: npt.NDArray[np.bool_]) -> list[float]:
    """Return the coverage of each group that has at least MIN_GROUP outcomes."""
    places = (groups - groups.min()).astype(np.int64)
    counts = np.bincount(places)
    hits = np.bincount(places, weights=covered.astype(np.float64))
    large = counts >= MIN_GROUP
    shares: list[float] = (hits[large] / counts[large]).tolist()
    return shares


def _after_jump(grid: _Grid, per_minute: Floats) -> npt.NDArray[np.bool_]:
    """Return whether a minute is one of the AFTER_JUMP_MINUTES after a jump of JUMP_DEVIATIONS within one minute."""
    places = np.arange(len(grid.logs))
    jumped = np.abs(np.diff(grid.logs, prepend=grid.logs[0])) > JUMP_DEVIATIONS * per_minute
    jumped[: WARM_UP_DAYS["5m"] * 1_440] = False
    last_jump = np.maximum.accumulate(np.where(jumped, places, -AFTER_JUMP_MINUTES))
    after: npt.NDArray[np.bool_] = places - last_jump < AFTER_JUMP_MINUTES
    return after


def _events(scored: _Scored, targets_us: Integers) -> tuple[EventEvaluation, ...]:
    """Return the figures of the probabilities of MOVES; of events that are not too rare or too common."""
    sizes = np.abs(np.expm1(scored.moves))
    evaluations = []
    for at, size in enumerate(MOVES):
        happened = (sizes > size).astype(np.float64)
        if not MIN_GROUP <= happened.sum() <= len(happened) - MIN_GROUP:
            continue
        stated, rate = scored.probabilities[:, at], float(happened.mean())
        losses = (stated - happened) ** 2
        test = compare_losses(losses - (rate - happened) ** 2, targets_us, scored.n_minutes * MINUTE_US)
        gaps = np.bincount(np.minimum((stated * 10).astype(np.int64), 9), weights=stated - happened)
        evaluations.append(
            EventEvaluation(
                move=size,
                base_rate=rate,
                brier_skill=1.0 - float(losses.mean()) / (rate * (1.0 - rate)),
                p_value=None if test is None else test.p_value,
                calibration_error=float(np.abs(gaps).sum()) / len(happened),
            )
        )
    return tuple(evaluations)
