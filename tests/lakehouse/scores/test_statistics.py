"""Each figure of the scorecard against literal numbers, and against the formula as a plain loop."""

import math
import random

import numpy as np
import pytest

from lakehouse.scores.statistics import (
    Outcomes,
    count_non_overlapping,
    diebold_mariano,
    direction,
    intervals,
    mean_absolute_error,
)
from lakehouse.time_range import MINUTE_US

NAN = float("nan")


def outcomes(
    base: list[float],
    predicted: list[float],
    realised: list[float],
    *,
    minutes: list[int] | None = None,
    horizon_minutes: int = 1,
    lower: list[float] | None = None,
    upper: list[float] | None = None,
    nominal: float = 0.9,
) -> Outcomes:
    n = len(base)
    return Outcomes(
        targets_us=np.array(minutes or range(n), dtype=np.int64) * MINUTE_US,
        horizon_us=horizon_minutes * MINUTE_US,
        base=np.array(base),
        predicted=np.array(predicted),
        realised=np.array(realised),
        lower=np.array(lower or [NAN] * n),
        upper=np.array(upper or [NAN] * n),
        nominal_coverage=np.full(n, nominal),
    )


def random_outcomes(seed: int, n: int, horizon_minutes: int, *, missing: float) -> Outcomes:
    """Forecasts a minute apart of a random path, some of them missing; noise around the base price."""
    rng = random.Random(seed)
    path = [100.0]
    for _ in range(n + horizon_minutes):
        path.append(path[-1] * math.exp(rng.gauss(0, 0.001)))
    made = [minute for minute in range(n) if rng.random() >= missing]
    return outcomes(
        [path[minute] for minute in made],
        [path[minute] * math.exp(rng.gauss(0, 0.0005)) for minute in made],
        [path[minute + horizon_minutes] for minute in made],
        minutes=[minute + horizon_minutes for minute in made],
        horizon_minutes=horizon_minutes,
    )


def test_mean_absolute_error_is_the_mean_of_absolute_errors() -> None:
    assert mean_absolute_error(np.array([101.0, 98.0]), np.array([100.0, 101.0])) == 2.0


@pytest.mark.parametrize(
    ("minutes", "horizon_minutes", "n"),
    [
        ([], 5, 0),
        ([7], 5, 1),
        (list(range(11)), 5, 3),
        ([0, 4, 5, 9], 5, 2),
        ([0, 5, 10], 5, 3),
        ([3, 3], 5, 1),
    ],
)
def test_outcomes_do_not_overlap_where_one_begins_when_the_last_has_ended(
    minutes: list[int], horizon_minutes: int, n: int
) -> None:
    assert count_non_overlapping(np.array(minutes, dtype=np.int64), horizon_minutes) == n


def test_direction_counts_only_forecasts_that_name_one_where_the_price_moved() -> None:
    found = direction(
        outcomes(
            [100.0] * 6, [101.0, 99.0, 101.0, 100.0, 99.0, 101.0], [103.0, 99.5, 99.0, 101.0, 100.0, 100.5]
        )
    )
    assert found is not None
    assert (found.n, found.n_non_overlapping, found.accuracy) == (4, 4, 0.75)


def test_directions_interval_is_wilsons() -> None:
    """(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with p = 0.75, n = 4, z = 1.959964."""
    found = direction(outcomes([100.0] * 4, [101.0] * 4, [102.0, 102.0, 102.0, 99.0]))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.300642, abs=1e-6), pytest.approx(0.954413, abs=1e-6))


def test_directions_interval_is_as_wide_as_the_outcomes_that_do_not_overlap_make_it() -> None:
    one_minute = [101.0] * 100, [102.0] * 75 + [99.0] * 25
    apart = direction(outcomes([100.0] * 100, *one_minute))
    overlapping = direction(outcomes([100.0] * 100, *one_minute, horizon_minutes=25))
    assert apart is not None
    assert overlapping is not None
    assert (apart.n_non_overlapping, overlapping.n_non_overlapping) == (100, 4)
    assert (apart.accuracy, overlapping.accuracy) == (0.75, 0.75)
    assert overlapping.low == pytest.approx(0.300642, abs=1e-6)
    assert apart.low == pytest.approx(0.656955, abs=1e-6)


def test_interval_figures_are_those_of_the_forecasts_that_gave_one() -> None:
    found = intervals(
        outcomes(
            [100.0] * 4,
            [100.0] * 4,
            [100.0, 91.0, 112.0, 50.0],
            lower=[95.0, 91.0, 90.0, NAN],
            upper=[105.0, 111.0, 110.0, NAN],
        )
    )
    assert found is not None
    assert found.n == 3
    assert found.coverage == pytest.approx(2 / 3)
    assert found.nominal_coverage == pytest.approx(0.9)
    assert found.mean_width == pytest.approx((10 + 20 + 20) / 3)
    # Lower ends at 0.05: 5, 0, 22 above -> 0.25, 0, 1.1. Upper ends at 0.95: 5 and 20 below, 2 above.
    assert found.pinball_loss == pytest.approx(((0.25 + 0.25) + (0 + 1.0) + (1.1 + 1.9)) / 2 / 3)


def test_forecasts_without_intervals_have_no_interval_figures() -> None:
    assert intervals(outcomes([100.0], [100.0], [101.0])) is None


@pytest.mark.parametrize(("horizon_minutes", "missing"), [(1, 0.0), (5, 0.0), (5, 0.3), (12, 0.1)])
def test_diebold_mariano_is_the_formula_as_a_plain_loop(horizon_minutes: int, missing: float) -> None:
    found = random_outcomes(horizon_minutes, 700, horizon_minutes, missing=missing)
    tested = diebold_mariano(found)
    statistic, n_degrees = plain_diebold_mariano(found, horizon_minutes)
    assert tested is not None
    assert tested.statistic == pytest.approx(statistic, rel=1e-9)
    assert tested.n_degrees == n_degrees


def plain_diebold_mariano(found: Outcomes, horizon_minutes: int) -> tuple[float, int]:
    differences = {
        int(target // MINUTE_US): abs(predicted - realised) - abs(base - realised)
        for target, predicted, base, realised in zip(
            found.targets_us, found.predicted, found.base, found.realised, strict=True
        )
    }
    n = len(differences)
    mean = sum(differences.values()) / n
    variance = 0.0
    for lag in range(horizon_minutes):
        products = [
            (value - mean) * (differences[minute + lag] - mean)
            for minute, value in differences.items()
            if minute + lag in differences
        ]
        variance += (1 if lag == 0 else 2) * sum(products) / n
    h = horizon_minutes
    n_apart, ended = 0, -1
    for minute in sorted(differences):
        if minute >= ended:
            n_apart, ended = n_apart + 1, minute + horizon_minutes
    return mean / math.sqrt(variance / n) * math.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n), n_apart - 1


def test_diebold_mariano_of_literal_differences() -> None:
    """40 outcomes apart, differences -1 and +0.5 in turn: mean -0.25, deviation 0.75, n 40, correction 39/40."""
    found = outcomes([99.0, 100.5] * 20, [100.0, 101.0] * 20, [100.0] * 40)
    tested = diebold_mariano(found)
    assert tested is not None
    assert tested.statistic == pytest.approx(-0.25 / math.sqrt(0.75**2 / 40) * math.sqrt(39 / 40))
    assert tested.p_value == pytest.approx(0.0439838, abs=1e-6)


def test_diebold_mariano_says_nothing_of_29_outcomes_that_do_not_overlap() -> None:
    assert diebold_mariano(random_outcomes(1, 29 * 5, 5, missing=0.0)) is None
    assert diebold_mariano(random_outcomes(1, 29 * 5 + 1, 5, missing=0.0)) is not None


def test_diebold_mariano_says_nothing_of_the_random_walk_itself() -> None:
    assert diebold_mariano(outcomes([100.0] * 50, [100.0] * 50, [101.0, 99.0] * 25)) is None


def test_negative_rectangular_variance_falls_back_to_bartletts() -> None:
    """Differences that turn every minute: with one lag the rectangular sum is below 0, Bartlett's is not."""
    realised = [100.5 + i % 3 / 10 for i in range(200)]
    found = outcomes([100.0] * 200, [101.0, 99.0] * 100, realised, horizon_minutes=2)
    differences = (np.abs(found.predicted - found.realised) - np.abs(found.base - found.realised)).tolist()
    mean = sum(differences) / 200
    none, one = (
        sum((differences[i] - mean) * (differences[i + lag] - mean) for i in range(200 - lag)) / 200
        for lag in (0, 1)
    )
    assert none + 2 * one < 0
    tested = diebold_mariano(found)
    assert tested is not None
    expected = mean / math.sqrt((none + one) / 200) * math.sqrt((200 + 1 - 4 + 2 / 200) / 200)
    assert tested.statistic == pytest.approx(expected, rel=1e-9)


def test_forecasts_without_skill_are_found_significant_about_one_time_in_twenty() -> None:
    """Two noisy forecasts of one random path are equally good: 200 seeded tests of overlapping outcomes."""
    rng = np.random.default_rng(7)
    n_significant = 0
    for _ in range(200):
        path = np.exp(np.cumsum(rng.normal(0, 0.001, 12 * 60 + 12))) * 100
        n = 12 * 60
        noise = rng.normal(0, 0.0005, (2, n))
        tested = diebold_mariano(
            outcomes(
                (path[:n] * np.exp(noise[0])).tolist(),
                (path[:n] * np.exp(noise[1])).tolist(),
                path[12:].tolist(),
                horizon_minutes=12,
            )
        )
        n_significant += tested is not None and tested.p_value < 0.05
    assert 2 <= n_significant <= 20
