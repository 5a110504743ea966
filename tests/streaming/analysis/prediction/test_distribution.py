"""Distribution of moves: sane before any outcome, then the share of moves that it names."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student_t

from streaming.analysis.prediction.distribution import COVERAGES as COVERAGES_OF_QUANTILES
from streaming.analysis.prediction.distribution import MAX_SHIFT, MOVES, MoveDistribution, Spread

COVERAGES = (0.5, 0.8, 0.9, 0.95)


def spread_of(distribution: MoveDistribution, deviation: float, centre: float = 0.0) -> Spread:
    probabilities = distribution.move_probabilities(centre, deviation)
    return Spread(centre, deviation, distribution.half_widths(deviation), probabilities)


@pytest.mark.parametrize("coverage", COVERAGES)
def test_distribution_begins_as_a_student_of_deviation_one(coverage: float) -> None:
    expected = student_t.ppf((1 + coverage) / 2, 4) / math.sqrt(2)
    assert MoveDistribution(1_000, 0.0).half_width(coverage) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("coverage", COVERAGES)
@pytest.mark.parametrize("draw", ["normal", "laplace", "uniform"])
def test_interval_holds_the_share_of_new_moves_that_it_names(draw: str, coverage: float) -> None:
    random = np.random.default_rng(7)
    distribution = MoveDistribution(1_000, 0.0)
    hits = []
    for score in np.abs(getattr(random, draw)(size=6_000)).tolist():
        hits.append(score <= distribution.half_width(coverage))
        distribution.observe(score, published=distribution.half_width())
    assert np.mean(hits[1_000:]) == pytest.approx(coverage, abs=0.02)


def test_adaptation_follows_a_scale_that_turns_out_too_small() -> None:
    plain, adaptive = MoveDistribution(4_000, 0.0), MoveDistribution(4_000, 0.005)
    for distribution in (plain, adaptive):
        for score in np.abs(np.random.default_rng(3).normal(0.0, 1.5, 600)).tolist():
            distribution.observe(score, published=distribution.half_width())
    assert adaptive.half_width() > 1.1 * plain.half_width()


@given(
    scores=st.lists(st.floats(0, 1e6) | st.just(0.0), max_size=120),
    window=st.integers(2, 40),
    step=st.sampled_from([0.0, 0.01]),
)
def test_moves_are_those_of_the_window_whatever_comes(scores: list[float], window: int, step: float) -> None:
    distribution = MoveDistribution(window, step)
    for score in scores:
        distribution.observe(score, published=1.0)
    last = scores[-window:]
    if len(last) == window:
        counts = {move: sum(score > move for score in last) / window for move in last}
        assert distribution.exceedances(np.array(list(counts))).tolist() == list(counts.values())
    widths = [distribution.half_width(coverage) for coverage in COVERAGES]
    assert widths == sorted(widths)


def test_rank_moves_no_further_than_the_bound() -> None:
    distribution = MoveDistribution(1_000, 0.01)
    levels = np.linspace(0.001, 1.0, 1_000)
    for score in levels.tolist():
        distribution.observe(score, published=0.0)
    assert distribution.half_width() == pytest.approx(0.9 + MAX_SHIFT, abs=0.002)
    for score in levels.tolist():
        distribution.observe(score, published=2.0)
    assert distribution.half_width() == pytest.approx(0.9 - MAX_SHIFT, abs=0.002)


def test_spread_names_quantiles_and_the_probabilities_of_moves() -> None:
    distribution = MoveDistribution(1_000, 0.0)
    for score in np.linspace(0.001, 1.0, 1_000).tolist():
        distribution.observe(score, published=1.0)
    spread = spread_of(distribution, 0.02)
    assert spread.quantiles() == pytest.approx(
        [-0.019, -0.018, -0.016, -0.01, -0.004, 0, 0.004, 0.01, 0.016, 0.018, 0.019], abs=1e-4
    )
    assert distribution.half_widths(0.02)[COVERAGES_OF_QUANTILES.index(0.9)] == pytest.approx(0.018, abs=1e-4)
    assert spread.move_probabilities == pytest.approx([0.75, 0.5, 0.005, 0.0], abs=0.005)


def test_bounds_of_an_interval_are_at_most_a_factor_of_four_apart() -> None:
    half_widths = MoveDistribution(1_000, 0.0).half_widths(5.0)
    assert math.exp(2 * max(half_widths)) == pytest.approx(4.0)


@given(centre=st.floats(-0.2, 0.2), deviation=st.floats(1e-5, 0.3))
def test_probabilities_of_moves_are_those_of_the_distribution_around_its_centre(
    centre: float, deviation: float
) -> None:
    spread = spread_of(MoveDistribution(500, 0.0), deviation, centre)
    scores = student_t.ppf((1.0 + (np.arange(500) + 0.5) / 500) / 2.0, 4) / math.sqrt(2.0) * deviation
    returns = np.expm1(np.concatenate((centre + scores, centre - scores)))
    shares = [float(np.mean(np.abs(returns) > move)) for move in MOVES]
    assert spread.move_probabilities == pytest.approx(shares, abs=0.002)
    assert list(spread.move_probabilities) == sorted(spread.move_probabilities, reverse=True)
    assert spread.quantiles()[5] == centre


@given(deviation=st.floats(1e-6, 2.0), centre=st.floats(-0.5, 0.5))
def test_quantiles_never_descend(deviation: float, centre: float) -> None:
    quantiles = spread_of(MoveDistribution(200, 0.0), deviation, centre).quantiles()
    assert list(quantiles) == sorted(quantiles)
