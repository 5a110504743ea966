"""Scale: the mean of its levels until it has learned, then what followed them."""

import math

import numpy as np
import pytest

from streaming.analysis.prediction.har_scale import HarScale
from streaming.analysis.prediction.volatility import Reading, Volatility


def reading_with_long_run(deviation: float) -> Reading:
    volatility = Volatility()
    logs = np.cumsum(np.random.default_rng(3).normal(0.0, deviation, 500))
    for minute, log in enumerate(logs.tolist()):
        volatility.add(minute, log)
    return volatility.read()


def test_scale_begins_with_the_geometric_mean_of_its_levels() -> None:
    scale = HarScale(60, (10, 60, 240, 1_440, 10_080), 180)
    inputs = np.array([1.0, *(2 * math.log(deviation) for deviation in (1e-3, 2e-3, 3e-3, 4e-3, 5e-3))])
    expected = (1e-3 * 2e-3 * 3e-3 * 4e-3 * 5e-3) ** 0.2 * math.sqrt(60)
    assert scale.deviation(reading_with_long_run(1e-3), inputs, 60.0) == pytest.approx(expected)


def test_scale_learns_which_level_the_future_follows() -> None:
    scale, draw = HarScale(60, (10, 60, 240, 1_440, 10_080), 180), np.random.default_rng(1)
    for _ in range(20):
        for _ in range(240):
            levels = -14.0 + draw.normal(0.0, 1.0, 5)
            scale.learn(np.array([1.0, *levels]), 60 * math.exp(levels[1]), 60.0)
        scale.refit()
    reading = reading_with_long_run(1e-4)
    quiet = scale.deviation(reading, np.array([1.0, -14, -16, -14, -14, -14]), 60.0)
    lively = scale.deviation(reading, np.array([1.0, -14, -12, -14, -14, -14]), 60.0)
    assert lively / quiet == pytest.approx(math.exp(2.0), rel=0.25)


@pytest.mark.parametrize("realised", [0.0, 1e-300, 1e300])
def test_extreme_outcomes_leave_a_finite_scale(realised: float) -> None:
    scale, reading = HarScale(5, (3, 10, 30, 120, 1_440), 90), reading_with_long_run(1e-3)
    inputs = scale.inputs(reading)
    for _ in range(50):
        scale.learn(inputs, realised, 5.0)
    scale.refit()
    assert 0.0 < scale.deviation(reading, inputs, 5.0) < math.inf
