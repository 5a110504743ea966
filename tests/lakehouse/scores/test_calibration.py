"""Calibration: tests of coverage find what they are for, levels and probabilities of events are counted right."""

import numpy as np
import pytest

from lakehouse.scores.calibration import (
    MIN_GROUP,
    bin_levels,
    check_coverage,
    score_event,
    shares_by,
    shares_by_decile,
)
from lakehouse.time_range import HOUR_US

N = 4_000


def random_of(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_good_intervals_pass_every_test() -> None:
    random = random_of()
    tests = check_coverage(random.random(N) < 0.9, random.uniform(1, 2, N), nominal=0.9)
    assert tests.kupiec is not None
    assert tests.kupiec > 0.05
    assert tests.christoffersen is not None
    assert tests.christoffersen > 0.05
    assert tests.dynamic_quantile is not None
    assert tests.dynamic_quantile > 0.05


@pytest.mark.parametrize("share", [0.86, 0.94])
def test_wrong_share_of_misses_is_found(share: float) -> None:
    tests = check_coverage(random_of().random(N) < share, np.ones(N), nominal=0.9)
    assert tests.kupiec is not None
    assert tests.kupiec < 1e-6


def test_misses_that_come_together_are_found() -> None:
    calm = np.repeat(random_of().random(N // 20) < 0.5, 20)
    covered = random_of(7).random(N) < np.where(calm, 0.98, 0.82)
    tests = check_coverage(covered, np.ones(N), nominal=0.9)
    assert tests.christoffersen is not None
    assert tests.christoffersen < 1e-3
    assert tests.dynamic_quantile is not None
    assert tests.dynamic_quantile < 1e-6


def test_misses_that_the_width_foretells_are_found() -> None:
    widths = random_of().uniform(1, 2, N)
    covered = random_of(6).random(N) < 0.9 + 0.09 * (widths - 1.5) * 2
    tests = check_coverage(covered, widths, nominal=0.9)
    assert tests.dynamic_quantile is not None
    assert tests.dynamic_quantile < 1e-6


@pytest.mark.parametrize(("covered", "kupiec"), [([], None), ([True] * 50, 0.00118), ([False] * 50, 0.0)])
def test_independence_is_not_tested_where_all_or_none_are_covered(
    covered: list[bool], kupiec: float | None
) -> None:
    tests = check_coverage(np.array(covered, dtype=bool), np.ones(len(covered)), nominal=0.9)
    assert tests.kupiec == (None if kupiec is None else pytest.approx(kupiec, abs=1e-5))
    assert (tests.christoffersen, tests.dynamic_quantile) == (None, None)


def test_coverage_of_a_group_needs_enough_outcomes() -> None:
    groups = np.repeat([0, 2], [MIN_GROUP, MIN_GROUP - 1])
    covered = np.arange(len(groups)) % 2 == 0
    assert shares_by(groups, covered, 4) == (0.5, None, None, None)


def test_deciles_begin_with_the_narrowest() -> None:
    widths = np.arange(2_000.0)
    by_decile = shares_by_decile(widths, widths >= 200)
    assert by_decile[0] == 0.0
    assert by_decile[1:] == pytest.approx([1.0] * 9, abs=0.006)


def test_levels_are_counted_between_the_quantiles_and_beyond_them() -> None:
    bins = bin_levels(np.array([0.0, 0.0, 0.01, 0.03, 0.5, 0.99, 1.0]))
    assert sum(one.share for one in bins) == pytest.approx(1.0)
    assert (bins[0].low, bins[0].high, bins[0].share) == (0.0, 0.025, pytest.approx(3 / 7))
    assert (bins[-1].low, bins[-1].high, bins[-1].share) == (0.975, 1.0, pytest.approx(2 / 7))
    assert sum(one.expected for one in bins) == pytest.approx(1.0)


def test_event_is_scored_beside_its_base_rate() -> None:
    random = random_of()
    stated = random.choice([0.05, 0.35], N)
    happened = (random.random(N) < stated).astype(np.float64)
    targets_us = np.arange(N) * HOUR_US
    event = score_event(0.01, stated, happened, targets_us, HOUR_US)
    assert event is not None
    assert event.base_rate == pytest.approx(0.2, abs=0.02)
    assert event.brier_skill == pytest.approx(0.15**2 / 0.16, abs=0.03)
    assert event.p_value is not None
    assert event.p_value < 1e-6
    assert event.calibration_error < 0.02
    assert [(one.n, one.stated) for one in event.reliability] == [
        (int((stated == 0.05).sum()), pytest.approx(0.05)),
        (int((stated == 0.35).sum()), pytest.approx(0.35)),
    ]


@pytest.mark.parametrize("n_events", [0, MIN_GROUP - 1, 1_000])
def test_event_that_is_too_rare_or_too_common_is_left_out(n_events: int) -> None:
    happened = np.zeros(1_000)
    happened[:n_events] = 1.0
    assert score_event(0.01, np.full(1_000, 0.5), happened, np.arange(1_000) * HOUR_US, HOUR_US) is None
