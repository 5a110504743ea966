"""Bars: closed by a later minute, never changed after, of the primary market alone."""

import pytest

from lakehouse.series.markets import Market, SymbolRules
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import PriceObservation
from streaming.analysis.prediction.bars import Bar, BarBuilder
from streaming.analysis.prediction.primary import PrimaryMarket
from tests.support.observations import START_MINUTE, price_at

KRAKEN = Market("kraken", "usd")


def closes(*prices: PriceObservation) -> list[tuple[int, float]]:
    """Return (minutes from the start to the bar's end, close) of every bar that the prices close."""
    builder = BarBuilder(PrimaryMarket(SymbolRules()))
    bars = [bar for bar in map(builder.add, prices) if bar is not None]
    return [(bar.end_us // MINUTE_US - START_MINUTE, bar.close) for bar in bars]


def test_minute_is_closed_by_the_first_price_of_a_later_one() -> None:
    builder = BarBuilder(PrimaryMarket(SymbolRules()))
    assert builder.add(price_at(10, 100.0)) is None
    assert builder.add(price_at(50, 101.0)) is None
    assert builder.add(price_at(70, 102.0)) == Bar(
        end_us=(START_MINUTE + 1) * MINUTE_US,
        close=101.0,
        close_us=START_MINUTE * MINUTE_US + 50_000_000,
        market=Market("simx", "usd"),
        origin="collected",
    )


def test_price_on_the_minute_is_the_last_of_the_minute_that_ends() -> None:
    assert closes(price_at(59, 100.0), price_at(60, 101.0), price_at(61, 102.0)) == [(1, 101.0)]


def test_close_is_the_latest_price_by_the_exchange_and_not_by_arrival() -> None:
    assert closes(price_at(50, 100.0), price_at(40, 99.0), price_at(65, 101.0)) == [(1, 100.0)]


def test_price_that_comes_after_its_minute_was_closed_changes_nothing() -> None:
    late = [price_at(10, 100.0), price_at(65, 101.0), price_at(59, 500.0), price_at(125, 102.0)]
    assert closes(*late) == [(1, 100.0), (2, 101.0)]


def test_repeated_prices_change_nothing() -> None:
    once = [price_at(10, 100.0), price_at(20, 101.0), price_at(70, 102.0), price_at(130, 103.0)]
    assert closes(*(price for price in once for _ in range(3))) == closes(*once)


def test_minutes_without_a_price_have_no_bar() -> None:
    assert closes(price_at(10, 100.0), price_at(600, 101.0), price_at(700, 102.0)) == [
        (1, 100.0),
        (10, 101.0),
    ]


def test_less_preferred_market_is_left_out() -> None:
    other = Market("altx", "usdt")
    assert closes(price_at(10, 100.0), price_at(65, 7.0, market=other), price_at(70, 101.0)) == [(1, 100.0)]


def test_better_market_restarts_bars_without_a_bar_of_both() -> None:
    prices = (
        price_at(10, 100.0),
        price_at(20, 90.0, market=KRAKEN),
        price_at(70, 101.0),
        price_at(80, 91.0, market=KRAKEN),
    )
    assert closes(*prices) == [(1, 90.0)]


@pytest.mark.parametrize(("delay_seconds", "expected"), [(-59, [(1, 100.0)]), (-61, [])])
def test_price_from_a_clock_far_ahead_of_its_arrival_closes_no_minute(
    delay_seconds: float, expected: list[tuple[int, float]]
) -> None:
    assert closes(price_at(10, 100.0), price_at(120, 101.0, delay_seconds=delay_seconds)) == expected
