"""Volatility: the variance of quiet and lively markets, without gaps, rests, ticks and bad ticks."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.analysis.prediction.har_scale import HarScale
from streaming.analysis.prediction.volatility import HALF_LIVES_MINUTES, Volatility

START = 29_484_000
DAY = HALF_LIVES_MINUTES.index(1_440)


def walk(n_minutes: int, *, deviation: float, seed: int = 1) -> list[float]:
    returns = np.random.default_rng(seed).normal(0.0, deviation, n_minutes)
    logs: list[float] = np.cumsum(returns).tolist()
    return logs


def volatility_of(logs: list[float], minutes: list[int] | None = None) -> Volatility:
    volatility = Volatility()
    for minute, log in zip(minutes or range(len(logs)), logs, strict=True):
        volatility.add(START + minute, log)
    return volatility


def deviation_of(volatility: Volatility, n_minutes: int = 60) -> float:
    scale = HarScale(n_minutes, (10, 60, 240, 1_440, 10_080), 180)
    return scale.deviation(volatility.read(), scale.inputs(volatility.read()), float(n_minutes))


@pytest.mark.parametrize("deviation", [1e-5, 1e-3, 0.05])
def test_levels_are_the_variance_of_a_minute(deviation: float) -> None:
    volatility = volatility_of(walk(4_000, deviation=deviation))
    assert math.sqrt(volatility.read().long_run) == pytest.approx(deviation, rel=0.1)
    assert deviation_of(volatility) == pytest.approx(deviation * math.sqrt(60), rel=0.25)


def test_lively_hour_raises_the_quick_levels_more_than_the_slow_ones() -> None:
    volatility = volatility_of(
        [*walk(4_000, deviation=1e-3), *(1.0 + log for log in walk(60, deviation=4e-3))]
    )
    quick, slow = volatility.read().log_variances[[1, DAY]]
    assert quick > slow + 1.0


@pytest.mark.parametrize("n_minutes_of_tick", [1, 2, 3])
@pytest.mark.parametrize("size", [-5.0, -0.2, 0.05, 0.3, 7.0])
def test_bad_tick_is_as_if_the_price_had_stayed(n_minutes_of_tick: int, size: float) -> None:
    logs = walk(2_000, deviation=1e-3)
    at = slice(1_500, 1_500 + n_minutes_of_tick)
    stays, leaps = list(logs), list(logs)
    stays[at] = [logs[1_499]] * n_minutes_of_tick
    leaps[at] = [logs[1_499] + size] * n_minutes_of_tick
    expected = volatility_of(stays).read().log_variances
    actual = volatility_of(leaps).read().log_variances
    assert actual == pytest.approx(expected, abs=1e-9)


def test_jump_that_stays_counts() -> None:
    logs = walk(2_000, deviation=1e-3)
    jumped = [*logs[:1_500], *(log + 0.05 for log in logs[1_500:])]
    assert deviation_of(volatility_of(jumped[:1_520])) > 1.5 * deviation_of(volatility_of(logs[:1_520]))


@pytest.mark.parametrize("n_missing", [4, 30, 1_000])
def test_return_over_a_gap_does_not_enter(n_missing: int) -> None:
    logs = walk(1_000, deviation=1e-3)
    minutes = [*range(600), *range(600 + n_missing, 1_000 + n_missing)]
    level = volatility_of(logs, minutes).read().long_run
    with_jump = volatility_of([*logs[:600], *(log + 9.0 for log in logs[600:])], minutes).read().long_run
    assert with_jump == pytest.approx(level)


@pytest.mark.parametrize("rest_hours", [2, 33, 500])
def test_rest_leaves_volatility_as_it_was_and_never_zero(rest_hours: int) -> None:
    logs = walk(2_000, deviation=1e-3)
    rested = volatility_of([*logs, *[logs[-1]] * (60 * rest_hours)])
    assert rested.rests
    assert deviation_of(rested) > 0.3 * deviation_of(volatility_of(logs))


@given(ticks=st.lists(st.integers(-1, 1), min_size=70, max_size=300), tick=st.sampled_from([1e-4, 1e-2, 0.3]))
def test_deviation_is_at_least_half_a_tick(ticks: list[int], tick: float) -> None:
    logs = [tick * level for level in np.cumsum(ticks).tolist()]
    volatility = volatility_of(logs)
    moves = {abs(later - before) for before, later in pairwise(logs) if later != before}
    assert deviation_of(volatility, 5) >= (min(moves) / 2 if moves else 0.0)


@given(
    logs=st.lists(st.floats(-700, 700), min_size=1, max_size=120),
    steps=st.lists(st.integers(1, 200), min_size=120, max_size=120),
)
def test_any_prices_give_a_finite_positive_deviation(logs: list[float], steps: list[int]) -> None:
    minutes = np.cumsum(steps[: len(logs)]).tolist()
    deviation = deviation_of(volatility_of(logs, minutes))
    assert 0.0 < deviation < math.inf
