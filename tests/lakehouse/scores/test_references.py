"""References: what they say follows from past returns alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.scores.references import MIN_RETURNS, PastReturns
from lakehouse.time_range import MINUTE_US

STEP_US = 5 * MINUTE_US


def past(returns: np.ndarray) -> PastReturns:
    return PastReturns.of((np.arange(len(returns)) + 1) * STEP_US, returns, STEP_US)


def test_both_say_the_deviation_of_a_steady_market() -> None:
    found = past(np.random.default_rng(2).normal(0.0, 1e-3, 5_000)).deviations(
        np.array([5_000 * STEP_US]), 12 * STEP_US
    )
    assert found["constant-volatility"][0] == pytest.approx(1e-3 * np.sqrt(12), rel=0.03)
    assert found["ewma"][0] == pytest.approx(1e-3 * np.sqrt(12), rel=0.15)


def test_average_of_recent_squares_follows_a_change_and_the_constant_does_not() -> None:
    returns = np.concatenate((np.full(2_000, 1e-3), np.full(100, 4e-3)))
    found = past(returns).deviations(np.array([2_100 * STEP_US]), STEP_US)
    assert found["ewma"][0] > 3.9e-3
    assert found["constant-volatility"][0] < 1.5e-3


@settings(deadline=None)
@given(n_known=st.integers(0, 400), later=st.floats(-0.5, 0.5))
def test_nothing_later_is_known_and_nothing_is_said_too_early(n_known: int, later: float) -> None:
    returns = np.random.default_rng(2).normal(0.0, 1e-3, 400)
    changed = np.concatenate((returns[:n_known], np.full(400 - n_known, later)))
    made_us = np.array([n_known * STEP_US])
    for name, said in past(returns).deviations(made_us, 12 * STEP_US).items():
        assert np.isnan(said[0]) == (n_known < MIN_RETURNS)
        assert past(changed).deviations(made_us, 12 * STEP_US)[name][0] == pytest.approx(said[0], nan_ok=True)


def test_half_hour_after_a_jump_is_told() -> None:
    returns = np.random.default_rng(2).normal(0.0, 1e-3, 600)
    returns[499] = 0.02
    made_us = np.arange(490, 510) * STEP_US
    assert np.flatnonzero(past(returns).after_jump(made_us)).tolist() == list(range(10, 16))


def test_returns_that_overlap_count_once() -> None:
    ends_us = np.arange(1, 100) * MINUTE_US
    assert len(PastReturns.of(ends_us, np.zeros(99), STEP_US).returns) == 20
