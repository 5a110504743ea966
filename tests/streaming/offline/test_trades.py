"""Trades of the offline exchange: the same in every range, and independent of later news."""

import numpy as np

from streaming.feed.prices.behaviour import Behaviour
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import HOLD_US, TradeBook

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
WIRE = NewsWire(seed=7, every_seconds=120)


def book(*, link: float = 0.0) -> TradeBook:
    return TradeBook(seed=7, a_minute=4, wire=WIRE, behaviour=Behaviour(link=link))


def test_trades_are_numbered_without_holes_and_the_same_in_every_range() -> None:
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


def test_no_more_trades_than_the_limit_and_none_from_an_empty_range() -> None:
    assert len(book().between("eth", from_us=NOON_US, until_us=NOON_US + HOUR_US, limit=7).numbers) == 7
    assert len(book().between("eth", from_us=NOON_US, until_us=NOON_US + 1, limit=7).prices) == 0


def test_a_text_moves_no_price_before_it_is_out() -> None:
    first = next(n for n in WIRE.between(NOON_US, NOON_US + DAY_US) if n.symbol == "dot" and n.direction)
    others = NewsWire(seed=7, every_seconds=120)
    until_us = first.time_us
    linked = TradeBook(seed=7, a_minute=4, wire=others, behaviour=Behaviour(link=1.0))

    short = linked.between("dot", from_us=NOON_US, until_us=until_us, limit=10_000)
    long = linked.between("dot", from_us=NOON_US, until_us=until_us + HOLD_US, limit=10_000)

    assert np.array_equal(long.prices[: len(short.prices)], short.prices)
