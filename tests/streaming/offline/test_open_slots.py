"""Slots in which the offline exchange trades: numbered without holes, none of them in an outage."""

import numpy as np
import pytest

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import PRIMARY_VENUE, Market
from streaming.feed.prices.behaviour import Behaviour, MarketModel
from streaming.feed.prices.interruptions import is_down
from streaming.offline.news_wire import NewsWire
from streaming.offline.open_slots import OpenSlots
from streaming.offline.trades import TradeBook

NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
DAY_US = 1_440 * MINUTE_US
BTC = Market("btc", PRIMARY_VENUE, "usd")


def model(gaps_a_day: float) -> MarketModel:
    return MarketModel(7, Behaviour(gaps_a_day=gaps_a_day))


@pytest.mark.parametrize("gaps_a_day", [0.0, 0.44, 12.0])
@pytest.mark.parametrize("a_minute", [1, 2, 7, 60])
def test_numbers_are_without_holes_and_every_slot_that_is_open_has_one(
    gaps_a_day: float, a_minute: int
) -> None:
    slot_us, market = MINUTE_US // a_minute, model(gaps_a_day)
    slots = np.arange(NOON_US // slot_us, (NOON_US + 2 * DAY_US) // slot_us)
    is_open = ~is_down(market, BTC, slots * slot_us)
    open_slots = OpenSlots.of(market, PRIMARY_VENUE, slot_us=slot_us, until_us=NOON_US + 2 * DAY_US)

    first, end = (open_slots.count_before(int(slot)) for slot in (slots[0], slots[-1] + 1))

    assert end - first == is_open.sum()
    assert np.array_equal(open_slots.slots(np.arange(first, end)), slots[is_open])


def test_numbers_do_not_depend_on_how_far_ahead_outages_are_known() -> None:
    near, far = (
        OpenSlots.of(model(6.0), PRIMARY_VENUE, slot_us=MINUTE_US, until_us=NOON_US + n * DAY_US)
        for n in (0, 900)
    )
    numbers = np.arange(1_000) + near.count_before(NOON_US // MINUTE_US) - 1_000

    assert np.array_equal(near.slots(numbers), far.slots(numbers))


@pytest.mark.parametrize("gaps_a_day", [0.0, 12.0])
def test_the_newest_trades_are_as_many_as_asked_for_over_outages(gaps_a_day: float) -> None:
    book = TradeBook(
        seed=7,
        a_minute=4,
        wire=NewsWire(seed=7, every_seconds=120),
        behaviour=Behaviour(gaps_a_day=gaps_a_day),
    )
    for hour in range(24):
        until_us = NOON_US + hour * 60 * MINUTE_US
        newest = book.newest("btc", from_us=until_us - DAY_US, until_us=until_us, limit=500)
        whole = book.between("btc", from_us=until_us - DAY_US, until_us=until_us, limit=10_000)

        assert np.array_equal(newest.numbers, whole.numbers[-500:])
        assert np.all(np.diff(newest.numbers) == 1)
        assert not is_down(model(gaps_a_day), BTC, newest.times_us).any()
