"""Coverage of intervals: nominal on steady scores, after a change of regime, and on overlapping horizons."""

import numpy as np
import pytest

from streaming.analysis.prediction.conformal import BEYOND_FACTOR, MIN_SCORES, AdaptiveInterval


def coverage(scores: list[float], *, delay: int = 0) -> float:
    """Return the share of scores within the half width that was published ``delay`` outcomes before, if any."""
    interval = AdaptiveInterval(1.0 + delay)
    published: list[float | None] = []
    hits = []
    for at, _ in enumerate(scores):
        published.append(interval.half_width)
        if at >= delay:
            known, half_width = scores[at - delay], published[at - delay]
            interval.observe(known, published=half_width)
            if half_width is not None:
                hits.append(known <= half_width)
    return float(np.mean(hits))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coverage_of_steady_scores_is_the_nominal_one(seed: int) -> None:
    scores = np.abs(np.random.default_rng(seed).standard_t(3, 6_000)).tolist()
    assert coverage(scores) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coverage_survives_a_change_of_regime(seed: int) -> None:
    noise = np.abs(np.random.default_rng(seed).standard_normal(6_000))
    noise[2_000:4_000] *= 3.0
    assert coverage(noise.tolist()) == pytest.approx(0.9, abs=0.02)
    assert coverage(noise[2_000:].tolist()) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coverage_holds_where_outcomes_come_late_and_overlap(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(12_000)
    overlapping = np.abs(np.convolve(noise, np.ones(24) / np.sqrt(24), "valid")).tolist()
    assert coverage(overlapping, delay=23) == pytest.approx(0.9, abs=0.03)


def test_no_interval_before_enough_scores() -> None:
    interval = AdaptiveInterval()
    for _ in range(MIN_SCORES - 1):
        interval.observe(1.0, published=None)
    assert interval.half_width is None
    interval.observe(1.0, published=None)
    assert interval.half_width == 1.0


def test_quantile_is_the_one_of_split_conformal_prediction() -> None:
    interval = AdaptiveInterval()
    for score in range(1, 100):
        interval.observe(float(score), published=None)
    assert interval.half_width == 90.0


def test_too_few_independent_scores_give_a_wide_interval_instead_of_a_confident_one() -> None:
    interval = AdaptiveInterval(overlap=24.0)
    for score in range(1, 100):
        interval.observe(float(score), published=None)
    assert interval.half_width == BEYOND_FACTOR * 99.0


def test_misses_widen_and_hits_narrow() -> None:
    def width_after(published: float) -> float | None:
        interval = AdaptiveInterval()
        for score in range(1, 101):
            interval.observe(float(score), published=None)
        for _ in range(10):
            interval.observe(50.0, published=published)
        return interval.half_width

    missed, hit = width_after(49.0), width_after(51.0)
    assert missed is not None
    assert hit is not None
    assert missed > hit
