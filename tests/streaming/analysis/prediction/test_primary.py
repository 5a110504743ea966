"""The forecaster's primary market: the lake's schedule, from prices in the order of their arrival."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.series.active_hours import ActiveHours
from lakehouse.series.market_schedule import schedule_markets
from lakehouse.series.markets import Market, SymbolRules
from lakehouse.time_range import HOUR_US
from streaming.analysis.prediction.primary import MAX_MARKETS, PrimaryMarket

BEST, SECOND, THIRD = Market("binance", "usdt"), Market("kraken", "usd"), Market("x", "usd")
HOURS = st.sets(st.integers(0, 90)) | st.sets(st.integers(0, 90), max_size=4).map(
    lambda s: set(range(91)) - s
)


@given(best=HOURS, second=HOURS, third=HOURS, order=st.permutations([BEST, SECOND, THIRD]))
def test_prices_in_time_give_the_markets_of_the_schedule(
    best: set[int], second: set[int], third: set[int], order: list[Market]
) -> None:
    active = {BEST: best, SECOND: second, THIRD: third}
    activity = tuple((market, ActiveHours.of(hours)) for market, hours in sorted(active.items()))
    schedule = schedule_markets(activity, SymbolRules())
    primary = PrimaryMarket(SymbolRules())
    for hour in range(92):
        markets = [market for market in order if hour in active[market]]
        for market in markets:
            primary.note(market, hour)
        chosen = [market for market in markets if primary.note(market, hour)]
        part = schedule.at(hour * HOUR_US)
        assert chosen == [market for market in markets if part is not None and part.market == market]
        primary = pickle.loads(pickle.dumps(primary))


def test_prices_of_hours_that_are_over_prove_a_market_for_the_newest_hour_alone() -> None:
    primary = PrimaryMarket(SymbolRules())
    for hour in range(30):
        assert primary.note(SECOND, hour)
    assert [primary.note(BEST, hour) for hour in range(28)] == [False] * 28
    assert primary.note(SECOND, 29)
    assert primary.note(BEST, 28)
    assert not primary.note(SECOND, 29)


def test_delisted_pair_gives_way_after_a_silent_hour() -> None:
    primary = PrimaryMarket(SymbolRules())
    assert all(primary.note(BEST, 100) for _ in range(10))
    assert [primary.note(SECOND, hour) for hour in (101, 102, 103)] == [False, True, True]


def test_state_stays_small_however_many_markets_there_are() -> None:
    primary = PrimaryMarket(SymbolRules())
    for hour in range(0, 1_000, 2):
        for at in range(hour, hour + 5):
            primary.note(Market(f"v{at % 300:03}", "usd"), hour)
    assert len(pickle.dumps(primary)) < 20_000
    assert primary.note(BEST, 2_000)
    assert MAX_MARKETS < 300
