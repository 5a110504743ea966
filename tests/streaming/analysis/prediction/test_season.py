"""Season of a day: flat without evidence, and close to the shape that the squares have."""

import math

import pytest

from streaming.analysis.prediction.season import DAY_MINUTES, TimeOfDaySeason


def season_after(n_days: int) -> TimeOfDaySeason:
    """Return the season of squares twice the mean at noon and nearly nothing at midnight."""
    season = TimeOfDaySeason()
    for day in range(n_days):
        for minute in range(4, DAY_MINUTES, 5):
            square = 1.05 - math.cos(2 * math.pi * minute / DAY_MINUTES)
            season.add(day * DAY_MINUTES + minute, square)
        season.rebuild()
    return season


def test_season_is_flat_without_squares() -> None:
    season = TimeOfDaySeason()
    season.rebuild()
    assert season.minutes(123, 45) == pytest.approx(45.0)


def test_season_has_the_shape_of_the_squares_and_a_mean_of_one() -> None:
    season = season_after(30)
    assert season.minutes(0, DAY_MINUTES) == pytest.approx(DAY_MINUTES)
    assert season.minutes(700, 40) / 40 == pytest.approx(1.9, abs=0.15)
    assert season.minutes(0, 30) / 30 == pytest.approx(0.2, abs=0.1)


@pytest.mark.parametrize("first", [0, 1, 719, 1_430, 1_439, 29_484_000])
def test_minutes_over_midnight_are_those_before_it_and_after_it(first: int) -> None:
    season = season_after(3)
    whole = season.minutes(first, 60)
    assert whole == pytest.approx(season.minutes(first, 20) + season.minutes(first + 20, 40))


def test_one_wild_square_does_not_make_a_season() -> None:
    season = season_after(10)
    before = season.minutes(300, 30)
    season.add(310, 25.0)
    season.rebuild()
    assert season.minutes(300, 30) < 1.5 * before
