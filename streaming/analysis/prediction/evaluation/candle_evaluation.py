"""Evaluation of the forecaster on candles: intervals and distributions beside two references of constant shape.

The centre of every distribution is the last price: the price stays. What is compared is how far it moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from lakehouse.scores.calibration import MIN_GROUP, Booleans, EventScore
from lakehouse.scores.distribution_score import (
    CONSTANT_VOLATILITY,
    CRPS,
    EWMA,
    INTERVAL_SCORE,
    REFERENCES,
    DistributionOutcomes,
    DistributionScore,
    score_distribution,
)
from lakehouse.scores.evidence import ALPHA
from lakehouse.scores.quantiles import BASIS_POINTS, LEVELS, crps_of_quantiles, pits_of_quantiles
from lakehouse.scores.references import AFTER_JUMP_US, JUMP_DEVIATIONS, RISK_METRICS_DECAY
from lakehouse.scores.statistics import Floats, Integers
from lakehouse.scores.verdicts import RowVerdict, to_row_verdict
from lakehouse.series.markets import Market
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import PriceObservation
from streaming.analysis.prediction.distribution import MOVES, NOMINAL_COVERAGE
from streaming.analysis.prediction.evaluation.candles import Candles
from streaming.analysis.prediction.evaluation.superiority import SuperiorSet, compare_all
from streaming.analysis.prediction.minute_forecaster import MAX_REALISED_AGE_US, MinuteForecaster
from streaming.analysis.prediction.models import HORIZONS, RANDOM_WALK, Horizon
from streaming.analysis.prediction.volatility import RETURN_MINUTES

WARM_UP_DAYS = {"5m": 1, "1h": 3, "24h": 10}
"""Days at the beginning that are not scored: until then the references know next to nothing either."""
AFTER_JUMP_MINUTES = AFTER_JUMP_US // MINUTE_US
_LOWER, _UPPER = LEVELS.index(0.05), LEVELS.index(0.95)
_MARKET = Market("file", "usd")
_MAX_AGE_MINUTES = MAX_REALISED_AGE_US // MINUTE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonEvaluation:
    """Figures of one horizon. Scores are ratios to a reference, below 1 where the forecaster is better.

    ``interval_score_bp`` is the mean score of the 90 % interval in basis points of the price; ``p_value`` that of
    Diebold and Mariano for interval scores beside constant volatility, two-sided. ``n_apart`` outcomes do not overlap.
    ``n_minutes_without_forecast`` counts minutes after the warm-up at which no distribution was told, gaps included.
    ``score`` has everything, ``verdicts`` are valid however often one looks; ``superior`` is about all three at once.
    """

    horizon: str
    n: int
    n_apart: int
    n_minutes_without_forecast: int
    interval_score_bp: float
    interval_score_vs_constant_volatility: float
    interval_score_vs_ewma: float
    crps_vs_constant_volatility: float
    crps_vs_ewma: float
    p_value: float | None
    coverage: float
    coverage_low: float
    coverage_high: float
    coverage_calmest_decile: float | None
    coverage_liveliest_decile: float | None
    coverage_lowest_hour: float | None
    coverage_highest_hour: float | None
    coverage_after_jump: float | None
    coverage_worst_week: float | None
    greatest_ratio_of_bounds: float
    events: tuple[EventScore, ...]
    score: DistributionScore
    verdicts: tuple[RowVerdict, ...]
    superior: SuperiorSet | None


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Forecasts of one horizon with their outcomes, in log returns from the base price."""

    minutes: Integers
    moves: Floats
    quantiles: Floats
    probabilities: Floats
    n_minutes_without_forecast: int


@dataclass(frozen=True, slots=True, eq=False)
class MinuteGrid:
    """Log closes of every minute from the first to the last, the last known one where a minute has none."""

    first_minute: int
    logs: Floats
    ages: Integers

    @staticmethod
    def of(candles: Candles) -> MinuteGrid:
        first, n = int(candles.minutes[0]), int(candles.minutes[-1] - candles.minutes[0] + 1)
        known = np.zeros(n, dtype=np.int64)
        at = candles.minutes - first
        known[at] = at
        np.maximum.accumulate(known, out=known)
        logs = np.zeros(n)
        logs[at] = np.log(candles.closes)
        return MinuteGrid(first, logs[known], np.arange(n) - known)


def evaluate(candles: Candles) -> list[HorizonEvaluation]:
    """Return the figures of every horizon that has forecasts after its WARM_UP_DAYS."""
    grid = MinuteGrid.of(candles)
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
    horizon: Horizon, grid: MinuteGrid, made: Integers, quantiles: Floats, probabilities: Floats
) -> _Scored:
    at = made - grid.first_minute
    targets = at + horizon.minutes
    warm_up = WARM_UP_DAYS[horizon.name] * 1_440
    known = targets < len(grid.logs)
    known &= grid.ages[np.minimum(targets, len(grid.logs) - 1)] <= _MAX_AGE_MINUTES
    known &= at >= warm_up
    # The last minute's bar is closed by no later price, so that there is no forecast of it to miss.
    n_missed = max(len(grid.logs) - 1 - warm_up, 0) - int(np.count_nonzero(at >= warm_up))
    at, targets = at[known], targets[known]
    moves = grid.logs[targets] - grid.logs[at]
    return _Scored(at, moves, quantiles[known], probabilities[known], n_missed)


def _evaluate(horizon: Horizon, scored: _Scored, grid: MinuteGrid) -> HorizonEvaluation:
    outcomes = _to_outcomes(horizon, scored, grid)
    score = score_distribution(outcomes)
    ratios = {(one.reference, one.score): one.model_bp / one.reference_bp for one in score.comparisons}
    constant = next(one for one in score.comparisons if one.score == INTERVAL_SCORE)
    deciles = score.coverage.by_volatility_decile
    hours = [share for share in score.coverage.by_hour if share is not None]
    alpha = ALPHA / (len(HORIZONS) * len(REFERENCES))
    return HorizonEvaluation(
        horizon=horizon.name,
        n=score.n,
        n_apart=score.n_apart,
        n_minutes_without_forecast=scored.n_minutes_without_forecast,
        interval_score_bp=constant.model_bp,
        interval_score_vs_constant_volatility=ratios[CONSTANT_VOLATILITY, INTERVAL_SCORE],
        interval_score_vs_ewma=ratios[EWMA, INTERVAL_SCORE],
        crps_vs_constant_volatility=ratios[CONSTANT_VOLATILITY, CRPS],
        crps_vs_ewma=ratios[EWMA, CRPS],
        p_value=constant.p_value,
        coverage=score.coverage.share,
        coverage_low=score.coverage.low,
        coverage_high=score.coverage.high,
        coverage_calmest_decile=deciles[0],
        coverage_liveliest_decile=deciles[-1],
        coverage_lowest_hour=min(hours, default=None),
        coverage_highest_hour=max(hours, default=None),
        coverage_after_jump=score.coverage.after_jump,
        coverage_worst_week=score.coverage.worst_week,
        greatest_ratio_of_bounds=float(np.exp((outcomes.upper - outcomes.lower).max())),
        events=score.events,
        score=score,
        verdicts=tuple(to_row_verdict(outcomes, reference, alpha=alpha) for reference in REFERENCES),
        superior=compare_all(outcomes),
    )


def _to_outcomes(horizon: Horizon, scored: _Scored, grid: MinuteGrid) -> DistributionOutcomes:
    constant, ewma = _references(grid, horizon.minutes)
    minutes = grid.first_minute + scored.minutes
    jumps = _after_jump(grid, constant / math.sqrt(horizon.minutes))
    return DistributionOutcomes(
        made_us=(minutes + 1) * MINUTE_US,
        targets_us=(minutes + 1 + horizon.minutes) * MINUTE_US,
        horizon_us=horizon.minutes * MINUTE_US,
        returns=scored.moves,
        expected=np.zeros(len(scored.moves)),
        lower=scored.quantiles[:, _LOWER],
        upper=scored.quantiles[:, _UPPER],
        nominal=NOMINAL_COVERAGE,
        crps=crps_of_quantiles(scored.moves, scored.quantiles) * BASIS_POINTS,
        pits=pits_of_quantiles(scored.moves, scored.quantiles),
        moves=MOVES,
        probabilities=scored.probabilities,
        deviations={CONSTANT_VOLATILITY: constant[scored.minutes], EWMA: ewma[scored.minutes]},
        after_jump=jumps[scored.minutes],
    )


def _references(grid: MinuteGrid, n_minutes: int) -> tuple[Floats, Floats]:
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


def _after_jump(grid: MinuteGrid, per_minute: Floats) -> Booleans:
    """Return whether a minute is one of the AFTER_JUMP_MINUTES after a jump of JUMP_DEVIATIONS within one minute."""
    places = np.arange(len(grid.logs))
    jumped = np.abs(np.diff(grid.logs, prepend=grid.logs[0])) > JUMP_DEVIATIONS * per_minute
    jumped[: WARM_UP_DAYS["5m"] * 1_440] = False
    last_jump = np.maximum.accumulate(np.where(jumped, places, -AFTER_JUMP_MINUTES))
    after: Booleans = places - last_jump < AFTER_JUMP_MINUTES
    return after
