"""The offline exchange's trades, and whether news moves them."""

import numpy as np

from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import HOLD_US, RISE_US, TradeBook

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
WIRE = NewsWire(seed=7, every_seconds=120)


def book(*, link: float = 0.0) -> TradeBook:
    return TradeBook(seed=7, a_minute=4, wire=WIRE, link=link)


def correlation_of_news_and_next_half_hour(book: TradeBook, symbol: str) -> float:
    """Between the direction of each text about an asset and what its price did in the half hour after it."""
    news = [n for n in WIRE.between(NOON_US - 4 * DAY_US, NOON_US) if n.symbol == symbol and n.direction]
    moves = []
    for each in news:
        before, after = (
            book.between(symbol, from_us=at_us, until_us=at_us + HOUR_US, limit=1).prices[0]
            for at_us in (each.time_us, each.time_us + RISE_US)
        )
        moves.append(np.log(after / before))
    return float(np.corrcoef([each.direction for each in news], moves)[0, 1])


def test_trades_are_numbered_without_holes_and_the_same_however_they_are_asked_for() -> None:
    whole = book().between("btc", from_us=NOON_US, until_us=NOON_US + HOUR_US, limit=10_000)
    middle_us = NOON_US + 1_234_567_000
    parts = [
        book().between("btc", from_us=NOON_US, until_us=middle_us, limit=10_000),
        book().between("btc", from_us=middle_us, until_us=NOON_US + HOUR_US, limit=10_000),
    ]

    assert np.all(np.diff(whole.numbers) == 1)
    assert np.all(np.diff(whole.times_us) > 0)
    assert np.all(whole.times_us % 1_000 == 0)
    assert np.all(whole.prices > 0)
    assert np.all(whole.amounts > 0)
    for name in ("numbers", "times_us", "prices", "amounts", "is_buy"):
        assert np.array_equal(np.concatenate([getattr(p, name) for p in parts]), getattr(whole, name))


def test_no_more_trades_than_asked_for_and_none_from_an_empty_stretch() -> None:
    assert len(book().between("eth", from_us=NOON_US, until_us=NOON_US + HOUR_US, limit=7).numbers) == 7
    assert len(book().between("eth", from_us=NOON_US, until_us=NOON_US + 1, limit=7).prices) == 0


def test_by_default_prices_know_nothing_of_news() -> None:
    assert abs(correlation_of_news_and_next_half_hour(book(), "btc")) < 0.1


def test_with_a_link_prices_follow_the_news_of_their_asset() -> None:
    assert correlation_of_news_and_next_half_hour(book(link=1.0), "btc") > 0.3


def test_a_text_moves_no_price_before_it_is_out() -> None:
    first = next(n for n in WIRE.between(NOON_US, NOON_US + DAY_US) if n.symbol == "dot" and n.direction)
    others = NewsWire(seed=7, every_seconds=120)
    until_us = first.time_us
    linked = TradeBook(seed=7, a_minute=4, wire=others, link=1.0)

    short = linked.between("dot", from_us=NOON_US, until_us=until_us, limit=10_000)
    long = linked.between("dot", from_us=NOON_US, until_us=until_us + HOLD_US, limit=10_000)

    assert np.array_equal(long.prices[: len(short.prices)], short.prices)
