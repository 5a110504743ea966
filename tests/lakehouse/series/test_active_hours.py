"""The primary market, hour by hour: stable while it has prices, and replaced once it has none."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.series.active_hours import PROOF_HOURS, ActiveHours, primary_markets
from lakehouse.series.markets import Market
from tests.support.plain_markets import next_primary

BEST, SECOND, THIRD = Market("binance", "usdt"), Market("kraken", "usd"), Market("x", "usd")
HOURS = st.sets(st.integers(0, 90))
# Long runs and single silent hours, which hours drawn at random seldom have.
MOSTLY = st.sets(st.integers(0, 90), max_size=4).map(lambda silent: set(range(91)) - silent)


def changes(**hours: list[int] | range) -> list[tuple[int, str]]:
    """Return (hour, venue) of the primary markets, where hours of best, second and third are active."""
    markets = {"best": BEST, "second": SECOND, "third": THIRD}
    ranked = {market: ActiveHours.of(hours.get(name, ())) for name, market in markets.items()}
    names = {market: name for name, market in markets.items()}
    return [(hour, names[market]) for hour, market in primary_markets(ranked)]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({}, []),
        ({"second": [5]}, [(5, "second")]),
        ({"best": range(9), "second": range(9)}, [(0, "best")]),
        ({"best": [0, 1, 2], "second": range(9)}, [(0, "best"), (4, "second")]),
        ({"best": [0, 1, 3, 4], "second": range(9)}, [(0, "best"), (3, "second")]),
        ({"best": [0, 1, 3, 4]}, [(0, "best")]),
        ({"best": [0, 99]}, [(0, "best")]),
        ({"best": [0, 1], "second": [50, 51]}, [(0, "best"), (50, "second")]),
        ({"best": [50], "second": [0, 1, 50]}, [(0, "second"), (50, "best")]),
        ({"best": range(10, 60), "second": range(60)}, [(0, "second"), (34, "best")]),
        ({"best": range(10, 33), "second": range(60)}, [(0, "second")]),
        ({"best": range(1, 60), "second": range(60)}, [(0, "second"), (25, "best")]),
        ({"best": [0], "second": range(9), "third": range(9)}, [(0, "best"), (2, "second")]),
        (
            {"best": [*range(30), *range(31, 60)], "second": range(60)},
            [(0, "best"), (31, "second"), (55, "best")],
        ),
    ],
    ids=[
        "no price at all",
        "one market",
        "both from the beginning: the better one",
        "the better one ends: after a silent hour the other follows",
        "a silent hour is enough, and a return is no proof",
        "a silent hour of the only market changes nothing",
        "nor do many",
        "the other market begins after a long silence",
        "after a silence of all the best of the hour follows",
        "a better market takes over once proven",
        "one that ends before it is proven does not",
        "one that begins an hour later has to be proven too",
        "the best of those that are left follows",
        "an outage costs the better market a day",
    ],
)
def test_primary_market_changes_with_silence_and_proof(
    hours: Mapping[str, list[int] | range], expected: list[tuple[int, str]]
) -> None:
    assert changes(**hours) == expected


def test_market_with_a_price_now_and_then_takes_over_at_most_once_a_day() -> None:
    every_other = range(0, 1_000, 2)
    assert changes(best=every_other, second=range(1_000)) == [(0, "best"), (2, "second")]
    nearly_all = sorted(set(range(1_000)) - set(range(0, 1_000, 30)))
    assert len(changes(best=nearly_all, second=range(1_000))) < 2 * 1_000 / PROOF_HOURS


@given(best=HOURS | MOSTLY, second=HOURS | MOSTLY, third=HOURS | MOSTLY)
def test_primary_market_is_that_of_a_plain_walk_over_every_hour(
    best: set[int], second: set[int], third: set[int]
) -> None:
    active = {BEST: best, SECOND: second, THIRD: third}
    expected: list[tuple[int, Market]] = []
    primary: Market | None = None
    for hour in range(95):
        following = next_primary(active, primary, hour)
        if following is not None and following != primary:
            expected.append((hour, following))
        primary = following
    ranked = {market: ActiveHours.of(hours) for market, hours in active.items()}
    assert primary_markets(ranked) == expected


@given(best=HOURS, second=HOURS, later=st.sets(st.integers(50, 90)))
def test_what_comes_later_changes_no_earlier_hour(best: set[int], second: set[int], later: set[int]) -> None:
    def until(hour: int, more: set[int]) -> list[tuple[int, Market]]:
        ranked = {BEST: ActiveHours.of(best | more), SECOND: ActiveHours.of(second)}
        return [change for change in primary_markets(ranked) if change[0] < hour]

    best, second = {hour for hour in best if hour < 50}, {hour for hour in second if hour < 50}
    assert until(50, later) == until(50, set())


@given(one=HOURS, other=HOURS, hour=st.integers(-2, 95), start=st.integers(0, 95), width=st.integers(0, 40))
def test_hours_are_a_set(one: set[int], other: set[int], hour: int, start: int, width: int) -> None:
    joined = ActiveHours.of(one).joined(ActiveHours.of(other))
    assert joined == ActiveHours.of(one | other)
    assert (hour in joined) == (hour in one | other)
    assert joined.clipped(start, start + width) == ActiveHours.of(
        (one | other) & set(range(start, start + width))
    )
    assert joined.is_proven(hour) == all(hour - back in one | other for back in range(1, PROOF_HOURS + 1))
