"""The schedule of primary markets: parts without overlap, and each bucket of one market."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.series.active_hours import ActiveHours
from lakehouse.series.grid import FixedGrid, bucket_at
from lakehouse.series.market_schedule import MarketPart, MarketSchedule, schedule_markets
from lakehouse.series.markets import ALWAYS_US, Asset, Market, SymbolRules
from lakehouse.time_range import DAY_US, HOUR_US, TimeRange

BEST, SECOND = Market("binance", "usdt"), Market("kraken", "usd")
HOURS = st.sets(st.integers(0, 120))
CHANGES = st.lists(st.integers(1, 119), max_size=3, unique=True).map(sorted)


def rules_of(changes: list[int]) -> SymbolRules:
    edges = [0, *(hour * HOUR_US for hour in changes), ALWAYS_US]
    return SymbolRules(assets=tuple(Asset(start, end) for start, end in pairwise(edges)))


def schedule_of(best: set[int], second: set[int], changes: list[int] | None = None) -> MarketSchedule:
    activity = (BEST, ActiveHours.of(best)), (SECOND, ActiveHours.of(second))
    return schedule_markets(activity, rules_of(changes or []))


def shown(parts: list[MarketPart]) -> list[tuple[float, float, str]]:
    return [(part.start_us / HOUR_US, part.end_us / HOUR_US, part.market.venue) for part in parts]


DELISTED = schedule_of(set(range(10)), set(range(48)))
"""Binance until 10:00, known to be silent at 11:00."""


def test_range_has_the_parts_of_its_hours() -> None:
    assert shown(DELISTED.within(TimeRange(9 * HOUR_US, 13 * HOUR_US))) == [
        (9, 11, "binance"),
        (11, 13, "kraken"),
    ]
    assert DELISTED.newest == SECOND
    assert DELISTED.at(11 * HOUR_US - 1) == DELISTED.parts[0]
    assert DELISTED.at(11 * HOUR_US) == DELISTED.parts[1]
    assert schedule_of(set(), set()).within(TimeRange(0, HOUR_US)) == []


def test_bucket_is_of_the_market_that_has_most_of_it() -> None:
    def of_days(start: float, end: float) -> list[tuple[float, float, str]]:
        time_range = TimeRange(round(start * HOUR_US), round(end * HOUR_US))
        return shown(DELISTED.of_buckets(time_range, bucket_at(FixedGrid(DAY_US))))

    assert of_days(0, 48) == [(0, 48, "kraken")]
    assert of_days(0, 5) == [(0, 5, "kraken")]
    assert shown(DELISTED.of_buckets(TimeRange(0, DAY_US), bucket_at(FixedGrid(4 * HOUR_US)))) == [
        (0, 12, "binance"),
        (12, 24, "kraken"),
    ]
    assert shown(DELISTED.of_buckets(TimeRange(0, DAY_US), bucket_at(FixedGrid(HOUR_US)))) == [
        (0, 11, "binance"),
        (11, 24, "kraken"),
    ]


def test_bucket_in_which_two_markets_have_equal_parts_is_of_the_later_one() -> None:
    schedule = schedule_of(set(range(11)), set(range(48)))
    assert shown(schedule.of_buckets(TimeRange(0, DAY_US), bucket_at(FixedGrid(DAY_US)))) == [
        (0, 24, "kraken")
    ]


def test_bucket_in_which_the_asset_changes_has_the_rows_of_one() -> None:
    schedule = schedule_of(set(range(48)), set(), [10])
    assert shown(schedule.of_buckets(TimeRange(0, 2 * DAY_US), bucket_at(FixedGrid(DAY_US)))) == [
        (10, 48, "binance")
    ]
    assert schedule.parts[0].asset != schedule.parts[1].asset


def test_asset_is_traded_where_the_operator_says_only() -> None:
    assets = (Asset(0, 10 * HOUR_US), Asset(10 * HOUR_US, ALWAYS_US, "new", ("kraken",)))
    activity = (BEST, ActiveHours.of(range(48))), (SECOND, ActiveHours.of(range(48)))
    schedule = schedule_markets(activity, SymbolRules(assets=assets))
    assert shown(schedule.within(TimeRange(0, DAY_US))) == [(0, 10, "binance"), (10, 24, "kraken")]


def test_nothing_is_between_a_market_that_is_silent_and_the_next() -> None:
    schedule = schedule_of({0, 1, 2}, {40, 41})
    assert shown(schedule.within(TimeRange(0, 2 * DAY_US))) == [(0, 4, "binance"), (40, 48, "kraken")]
    assert schedule.at(20 * HOUR_US) is None
    buckets = schedule.of_buckets(TimeRange(0, 2 * DAY_US), bucket_at(FixedGrid(6 * HOUR_US)))
    assert shown(buckets) == [(0, 6, "binance"), (36, 48, "kraken")]
    assert shown(schedule_of({0, 1, 40}, set()).within(TimeRange(0, 2 * DAY_US))) == [(0, 48, "binance")]


def test_asset_that_nobody_has_traded_yet_has_no_market() -> None:
    schedule = schedule_of(set(range(5)), set(), [10])
    assert shown(schedule.within(TimeRange(0, DAY_US))) == [(0, 10, "binance")]
    assert schedule.at(10 * HOUR_US) is None
    assert schedule.of_bucket(TimeRange(12 * HOUR_US, 13 * HOUR_US)) is None


def test_market_that_would_take_over_with_the_end_of_the_asset_has_no_part_of_it() -> None:
    schedule = schedule_of({0}, {1, 2}, [2])
    assert shown(schedule.within(TimeRange(0, 4 * HOUR_US))) == [(0, 2, "binance"), (2, 4, "kraken")]


@given(best=HOURS, second=HOURS, changes=CHANGES)
def test_parts_follow_each_other(best: set[int], second: set[int], changes: list[int]) -> None:
    parts = schedule_of(best, second, changes).parts
    for part, following in pairwise(parts):
        assert part.start_us < part.end_us <= following.start_us
        assert not (part.end_us == following.start_us and part.continues(following))


@given(
    best=HOURS,
    second=HOURS,
    changes=CHANGES,
    width_hours=st.sampled_from([0.25, 1, 4, 24]),
    start=st.integers(0, 130 * 60),
    minutes=st.integers(1, 60 * 60),
)
def test_buckets_of_a_range_are_those_of_each_bucket_alone(
    best: set[int], second: set[int], changes: list[int], width_hours: float, start: int, minutes: int
) -> None:
    schedule, bucket_of = (
        schedule_of(best, second, changes),
        bucket_at(FixedGrid(round(width_hours * HOUR_US))),
    )
    time_range = TimeRange(start * HOUR_US // 60, (start + minutes) * HOUR_US // 60)
    parts = schedule.of_buckets(time_range, bucket_of)
    assert [part for part in parts if part.start_us >= part.end_us] == []
    at_us = time_range.start_us
    while at_us < time_range.end_us:
        bucket = bucket_of(at_us)
        alone = schedule.of_bucket(bucket)
        found = [part for part in parts if part.start_us < bucket.end_us and part.end_us > bucket.start_us]
        expected = []
        if alone is not None and alone.start_us < time_range.end_us and alone.end_us > time_range.start_us:
            clipped = alone.clipped(time_range)
            expected = [(clipped.start_us, clipped.end_us, clipped.market, clipped.asset)]
        assert [
            (part.start_us, part.end_us, part.market, part.asset)
            for part in (each.clipped(bucket).clipped(time_range) for each in found)
        ] == expected
        at_us = bucket.end_us
