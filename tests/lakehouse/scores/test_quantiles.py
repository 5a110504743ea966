"""Scores of distributions given by quantiles."""

import math

import numpy as np
import pyarrow as pa
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from lakehouse.scores.quantiles import (
    LEVELS,
    crps_of_quantiles,
    pits_of_quantiles,
    score_distributions,
)

moves = st.floats(-3, 3)
_ROWS = st.lists(st.lists(st.floats(-2, 2), min_size=11, max_size=11).map(sorted), min_size=1, max_size=5)


def test_score_of_a_normal_distribution_is_near_the_whole_one() -> None:
    outcomes = np.linspace(-1.5, 1.5, 31)
    quantiles = np.tile(norm.ppf(LEVELS), (31, 1))
    whole = np.asarray(scoringrules.crps_normal(outcomes, 0.0, 1.0))
    assert crps_of_quantiles(outcomes, quantiles) == pytest.approx(whole, rel=0.08)


@given(rows=_ROWS, outcome=moves)
def test_score_is_the_integral_of_quantile_scores(rows: list[list[float]], outcome: float) -> None:
    quantiles, outcomes = np.array(rows), np.full(len(rows), outcome)
    losses = scoringrules.quantile_score(outcomes[:, None], quantiles, np.array(LEVELS))
    assert crps_of_quantiles(outcomes, quantiles) == pytest.approx(2 * np.trapezoid(losses, LEVELS, axis=1))


def test_level_of_outcomes_of_the_distribution_itself_is_uniform() -> None:
    outcomes = norm.ppf((np.arange(2_000) + 0.5) / 2_000)
    levels = pits_of_quantiles(outcomes, np.tile(norm.ppf(LEVELS), (2_000, 1)))
    inside = (levels > 0) & (levels < 1)
    assert levels[inside] == pytest.approx((np.arange(2_000)[inside] + 0.5) / 2_000, abs=0.02)
    assert np.mean(levels == 0) == pytest.approx(0.025, abs=1e-3)
    assert np.mean(levels == 1) == pytest.approx(0.025, abs=1e-3)


@given(rows=_ROWS, outcome=moves)
def test_level_is_that_of_the_quantiles_around_the_outcome(rows: list[list[float]], outcome: float) -> None:
    quantiles = np.array(rows)
    for row, level in zip(quantiles, pits_of_quantiles(np.full(len(rows), outcome), quantiles), strict=True):
        below = [at for at, value in zip(LEVELS, row, strict=True) if value < outcome]
        above = [at for at, value in zip(LEVELS, row, strict=True) if value > outcome]
        assert max(below, default=0.0) <= level <= min(above, default=1.0)


@pytest.mark.parametrize(
    ("levels", "is_scored"),
    [
        (LEVELS, True),
        ((0.01, 0.5, 0.99), True),
        ((0.025, 0.975), True),
        ((0.05, 0.95), False),
        ((0.5,), False),
        ((0.01, 0.9), False),
    ],
)
def test_distribution_that_reaches_from_tail_to_tail_is_scored(
    levels: tuple[float, ...], is_scored: bool
) -> None:
    values = [100.0 * math.exp(0.01 * norm.ppf(level)) for level in levels]
    quantiles = pa.chunked_array(
        [pa.array([None, {"levels": list(levels), "values": values}, {"levels": [0.5], "values": [1.0]}])]
    )
    prices = pa.chunked_array([pa.array([100.0, 100.0, 100.0])])
    crps, pits = score_distributions(quantiles, prices, prices)
    assert [score.is_valid for score in crps] == [False, is_scored, False]
    assert [level.is_valid for level in pits] == [False, is_scored, False]
    if is_scored:
        assert pits[1].as_py() == pytest.approx(0.5, abs=0.01)


def test_forecast_without_a_price_has_no_score() -> None:
    quantiles = pa.chunked_array([pa.array([{"levels": list(LEVELS), "values": [100.0] * 11}])])
    base, nothing = pa.chunked_array([pa.array([100.0])]), pa.chunked_array([pa.array([None], pa.float64())])
    crps, pits = score_distributions(quantiles, base, nothing)
    assert (crps.to_pylist(), pits.to_pylist()) == ([None], [None])
