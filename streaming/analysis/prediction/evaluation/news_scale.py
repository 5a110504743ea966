"""Test of whether news helps to say how far a price moves: volume of texts and surprise beside past volatility.

Two regressions of the logarithm of realised variance, one of which knows the texts, forecast each day from what had
ended before it. Their intervals are compared, and those of the same texts moved by half of the time, as a control.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scoringrules import interval_score

from lakehouse.scores.statistics import Floats, Integers, compare_losses
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.distribution import NOMINAL_COVERAGE
from streaming.analysis.prediction.evaluation.candle_evaluation import WARM_UP_DAYS, MinuteGrid
from streaming.analysis.prediction.evaluation.candles import Candles
from streaming.analysis.prediction.evaluation.figures import START_US, TEXTS_A_MINUTE
from streaming.analysis.prediction.features import MAX_FILLED_MINUTES
from streaming.analysis.prediction.models import HORIZONS, Horizon
from streaming.analysis.prediction.volatility import RETURN_MINUTES
from streaming.feed.market import PRIMARY_VENUE, Market
from streaming.feed.news import text_slots
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.path import quoted_prices

_DAY_MINUTES = 1_440
_VOLUME_MINUTES, _USUAL_MINUTES = (30, 240), 10_080
_RIDGE_OUTCOMES = 200.0
_LEAST_SHARE = 0.05
_LEAST_VARIANCE = 1e-14
_MIN_OUTCOMES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsScale:
    """Interval score with news over that without, below 1 where news helps; the same for texts of another time.

    The p-values are Diebold and Mariano's, two-sided, for one look.
    """

    horizon: str
    n: int
    ratio: float
    p_value: float | None
    control_ratio: float
    control_p_value: float | None


def compare_scales(candles: Candles, text_minutes: Integers) -> list[NewsScale]:
    """Return the comparison for every horizon with enough outcomes. A text counts from the minute after its own."""
    grid = MinuteGrid.of(candles)
    n = len(grid.logs)
    places = text_minutes - grid.first_minute + 1
    counts = np.bincount(places[(places >= 0) & (places < n)], minlength=n).astype(np.float64)
    news, moved = _news_inputs(counts), _news_inputs(np.roll(counts, n // 2))
    compared = (_compare(horizon, grid, news, moved) for horizon in HORIZONS)
    return [one for one in compared if one is not None]


def generated_market(model: MarketModel, symbol: str, *, n_days: int) -> tuple[Candles, Integers]:
    """Return closes of a generated market of its primary venue, and the minutes of the texts about the asset."""
    minutes = START_US // MINUTE_US + np.arange(n_days * _DAY_MINUTES, dtype=np.int64)
    closes = quoted_prices(model, Market(symbol, PRIMARY_VENUE, "usd"), (minutes + 1) * MINUTE_US - 1)
    texts = text_slots(
        model.seed, symbol, minutes=minutes, texts_a_minute=np.full(minutes.shape, TEXTS_A_MINUTE)
    )
    return Candles(symbol, minutes, closes), np.sort(texts.minutes)


def _news_inputs(counts: Floats) -> Floats:
    """Return, by minute, logarithms of the texts an hour of late, and of their surprise beside the usual number."""
    rates = [60.0 * _faded(counts, minutes) for minutes in _VOLUME_MINUTES]
    usual = 60.0 * _faded(counts, _USUAL_MINUTES)
    return np.column_stack([*(np.log1p(rate) for rate in rates), np.log1p(rates[0]) - np.log1p(usual)])


def _faded(values: Floats, half_life_minutes: int) -> Floats:
    """Return exponentially weighted means up to each minute, corrected for a young mean."""
    decay = 0.5 ** (1.0 / half_life_minutes)
    sums, weights = (lfilter([1.0 - decay], [1.0, -decay], one) for one in (values, np.ones(len(values))))
    means: Floats = sums / weights
    return means


def _compare(horizon: Horizon, grid: MinuteGrid, news: Floats, moved: Floats) -> NewsScale | None:
    is_fresh = grid.ages <= MAX_FILLED_MINUTES
    squares = np.zeros(len(grid.logs))
    squares[RETURN_MINUTES:] = (
        grid.logs[RETURN_MINUTES:] - grid.logs[:-RETURN_MINUTES]
    ) ** 2 / RETURN_MINUTES
    levels = np.column_stack(
        [np.maximum(_faded(squares, one), _LEAST_VARIANCE) for one in horizon.level_minutes]
    )
    at = np.arange(_DAY_MINUTES, len(squares) - horizon.minutes, horizon.step_minutes)
    at = at[is_fresh[at] & is_fresh[at + horizon.minutes]]
    moves = grid.logs[at + horizon.minutes] - grid.logs[at]
    sums = np.concatenate(([0.0], np.cumsum(squares)))
    realised = (sums[at + horizon.minutes + 1] - sums[at + 1]) / horizon.minutes
    target = np.log(
        (moves**2 / horizon.minutes if horizon.minutes <= RETURN_MINUTES else realised)
        + _LEAST_SHARE * levels[at, -1]
    )
    past = np.log(levels[at])
    scores = [
        _interval_scores(horizon, at, np.column_stack((past, *extra)), target, moves, n_levels=past.shape[1])
        for extra in ((), (news[at],), (moved[at],))
    ]
    scored = np.logical_and.reduce([~np.isnan(one) for one in scores])
    if np.count_nonzero(scored) < _MIN_OUTCOMES:
        return None
    without, *others = (one[scored] for one in scores)
    targets_us = (grid.first_minute + 1 + at[scored] + horizon.minutes) * MINUTE_US
    tests = [compare_losses(one - without, targets_us, horizon.minutes * MINUTE_US) for one in others]
    ratios = [float(one.mean() / without.mean()) for one in others]
    p_values = [None if test is None else test.p_value for test in tests]
    return NewsScale(
        horizon=horizon.name,
        n=len(without),
        ratio=ratios[0],
        p_value=p_values[0],
        control_ratio=ratios[1],
        control_p_value=p_values[1],
    )


def _interval_scores(
    horizon: Horizon, at: Integers, inputs: Floats, target: Floats, moves: Floats, *, n_levels: int
) -> Floats:
    """Return the score of each outcome's interval, from weights and widths of before its day; NaN in the warm-up."""
    design = np.column_stack((np.ones(len(at)), inputs))
    prior = np.zeros(design.shape[1])
    prior[1 : 1 + n_levels] = 1.0 / n_levels
    ridge = _RIDGE_OUTCOMES * np.eye(len(prior))
    moments, products = ridge.copy(), ridge @ prior
    deviations, scores = np.full(len(at), np.nan), np.full(len(at), np.nan)
    days, n_learned = (at // _DAY_MINUTES), 0
    for day in np.unique(days):
        n_ended = int(np.searchsorted(at + horizon.minutes, day * _DAY_MINUTES, side="left"))
        fresh = slice(n_learned, n_ended)
        moments += design[fresh].T @ design[fresh]
        products += design[fresh].T @ target[fresh]
        n_learned = n_ended
        today = slice(*np.searchsorted(days, (day, day + 1)).tolist())
        logs = design[today] @ np.linalg.solve(moments, products)
        deviations[today] = np.sqrt(horizon.minutes * np.exp(logs))
        known = np.abs(moves[:n_ended]) / deviations[:n_ended]
        if day >= WARM_UP_DAYS[horizon.name] and n_ended:
            half = np.quantile(known, NOMINAL_COVERAGE) * deviations[today]
            scores[today] = interval_score(moves[today], -half, half, 1.0 - NOMINAL_COVERAGE)
    return scores
