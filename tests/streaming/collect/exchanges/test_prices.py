"""One market over time: every trade once, bad prices refused, gaps filled or marked."""

import json
from pathlib import Path

import pytest

from streaming.collect.exchanges.market_state import Gap
from tests.streaming.collect.conftest import SetClock, Written
from tests.streaming.collect.exchanges.conftest import (
    NOON,
    FailingSink,
    MakeMarket,
    poll_until_caught_up,
    refused,
    sample,
    shown,
    state,
)
from tests.support.exchange_server import TRADES, trades_since
from tests.support.scripted_server import Answer, ScriptedServer


def test_a_trade_becomes_the_contracts_message(
    server: ScriptedServer, make_market: MakeMarket, written: Written
) -> None:
    server.answer(TRADES, trades_since([(7, NOON - 1.25, "91500.10")]))

    make_market().poll()

    assert written.messages == [
        {
            "v": 1,
            "message_id": "btc:1795607998750000:0f5e351eed0865f11df2",
            "origin": "collected",
            "exchange_time": "2026-11-25T11:59:58.750Z",
            "base": "btc",
            "venue": "simx",
            "quote": "usd",
            "price": 91500.1,
            "base_volume": 0.5,
        }
    ]


def test_history_is_fetched_page_by_page_and_then_at_the_usual_pace(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    trades = [(number, NOON - 3_000 + number, "100") for number in range(2_500)]
    server.answer(TRADES, trades_since(trades))
    collector = make_market(history_days=1 / 24)

    waits = [collector.poll() for _ in range(4)]

    assert server.asked[1].parameters["since"] == str(round((NOON - 3_600) * 1e9) - 1_000_000)
    assert waits == [0, 0, 0, 3]
    assert len({message["message_id"] for message in written.messages}) == 2_500
    assert len(written.messages) == 2_500
    assert state(tmp_path).gaps == []


def test_invalid_prices_are_refused_and_leave_no_gap(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    prices = ["100", "0", "NaN", "-5", "", "Infinity", "abc", "101"]
    server.answer(TRADES, trades_since([(n, NOON - 60 + n, price) for n, price in enumerate(prices)]))

    make_market().poll()

    assert shown(written) == [("11:59:00", 100.0), ("11:59:07", 101.0)]
    assert state(tmp_path).n_refused == 6
    assert state(tmp_path).gaps == []


def test_a_trade_after_the_exchanges_own_clock_is_refused_and_kept(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    future = (2, NOON + 86_400, "101")
    server.answer(TRADES, trades_since([(1, NOON - 60, "100"), future, (3, NOON - 30, "102")]))
    collector = make_market()

    collector.poll()
    collector.poll()

    assert shown(written) == [("11:59:00", 100.0), ("11:59:30", 102.0)]
    assert state(tmp_path).gaps == []
    assert [(each.trade_id, each.time, each.reason) for each in refused(tmp_path)] == [
        ("2", "2026-11-26T12:00:00Z", "an impossible time")
    ]


def test_trades_ahead_of_a_slow_clock_wait_until_it_is_set(
    server: ScriptedServer, make_market: MakeMarket, written: Written, clock: SetClock, tmp_path: Path
) -> None:
    server.now_seconds = lambda: NOON + 360
    server.answer(TRADES, trades_since([(number, NOON - 60 + number, "100") for number in range(420)]))
    collector = make_market()

    waits = [collector.poll(), collector.poll()]
    n_before, offset_ms = len(written.messages), state(tmp_path).clock_offset_ms
    clock.at_us += 360_000_000
    collector.poll()

    assert n_before == 361
    assert waits == [3, 3]
    assert offset_ms == 360_000
    assert len({message["message_id"] for message in written.messages}) == 420
    assert (state(tmp_path).gaps, state(tmp_path).n_refused) == ([], 0)
    assert state(tmp_path).clock_offset_ms is None


def test_a_fast_clock_is_named_and_nothing_is_lost(
    server: ScriptedServer,
    make_market: MakeMarket,
    written: Written,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.now_seconds = lambda: NOON - 360
    server.answer(TRADES, trades_since([(number, NOON - 700 + number, "100") for number in range(300)]))

    make_market().poll()

    assert len(written.messages) == 300
    assert state(tmp_path).clock_offset_ms == -360_000
    assert "this machine's is 360 s ahead of the exchange's" in caplog.text
    assert sample("clock_offset_seconds") == -360


def test_one_absurd_price_is_kept_aside_and_a_new_level_is_published_whole(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    prices = ["100", "100", "100", "0.000001", "101", "0.05", "0.051"]
    trades = [(number, NOON - 60 + number, price) for number, price in enumerate(prices)]
    later = [(number, NOON - 60 + number, "0.05") for number in range(7, 11)]
    server.answer(TRADES, trades_since(trades), trades_since([*trades, *later]))

    make_market().poll()
    published, held = shown(written), state(tmp_path).held
    make_market().poll()

    assert [price for _, price in published] == [100, 100, 100, 101]
    assert [trade.id for trade in held] == ["5", "6"]
    assert [message["price"] for message in written.messages[4:]] == [0.05, 0.051, *[0.05] * 4]
    (aside,) = refused(tmp_path)
    assert (aside.trade_id, aside.price) == ("3", 1e-6)
    assert json.loads(aside.raw)[0] == "0.000001"
    assert state(tmp_path).gaps == []


def test_after_an_outage_what_is_missing_is_fetched(
    server: ScriptedServer, make_market: MakeMarket, written: Written, clock: SetClock, tmp_path: Path
) -> None:
    trades = [(number, NOON - 60 + 30 * number, "100") for number in range(82)]
    before = trades_since(trades[:3])
    broken = Answer(status=500)
    server.answer(TRADES, before, broken, broken, trades_since(trades))
    collector = make_market()

    waits = [collector.poll()]
    clock.at_us += 2_400_000_000
    waits += [collector.poll(), collector.poll(), collector.poll()]

    assert waits == [3, 6, 12, 3]
    assert len(written.messages) == 82
    assert state(tmp_path).gaps == []
    assert state(tmp_path).n_failures == 0


def test_trades_that_the_exchange_no_longer_has_are_marked(
    server: ScriptedServer, make_market: MakeMarket, written: Written, clock: SetClock, tmp_path: Path
) -> None:
    server.answer(TRADES, trades_since([(10, NOON - 30, "100")]), trades_since([(15, NOON + 500, "101")]))
    collector = make_market()

    collector.poll()
    clock.at_us += 600_000_000
    collector.poll()

    assert shown(written) == [("11:59:30", 100.0), ("12:08:20", 101.0)]
    assert state(tmp_path).gaps == [
        Gap(
            after_time="2026-11-25T11:59:30Z",
            before_time="2026-11-25T12:08:20Z",
            n_missing=4,
            cause="the exchange left out numbered trades",
            noticed_time="2026-11-25T12:10:00Z",
        )
    ]


def test_without_numbers_a_long_silence_is_a_gap_and_a_short_one_is_not(
    server: ScriptedServer, make_market: MakeMarket, tmp_path: Path
) -> None:
    trades = [(5, NOON - 3_500, "1"), (90, NOON - 3_000, "1"), (91, NOON - 60, "1")]
    server.answer(TRADES, trades_since(trades))

    make_market(consecutive_ids=False, history_days=1 / 24).poll()

    (gap,) = state(tmp_path).gaps
    assert (gap.after_time, gap.before_time) == ("2026-11-25T11:10:00Z", "2026-11-25T11:59:00Z")
    assert (gap.n_missing, gap.cause) == (None, "the exchange gave no trade in between")


def test_a_history_that_begins_late_is_marked(
    server: ScriptedServer, make_market: MakeMarket, tmp_path: Path
) -> None:
    server.answer(TRADES, trades_since([(1, NOON - 60, "100")]))

    make_market(history_days=7).poll()

    assert [gap.cause for gap in state(tmp_path).gaps] == ["the exchange's answers begin later"]


def test_a_restart_goes_on_where_kafka_is(
    server: ScriptedServer, make_market: MakeMarket, written: Written
) -> None:
    server.answer(TRADES, trades_since([(number, NOON - 60 + number, "100") for number in range(10)]))

    with pytest.raises(ConnectionError):
        make_market(sink=FailingSink()).poll()
    make_market().poll()
    make_market().poll()

    since = [asked.parameters["since"] for asked in server.asked if asked.path == TRADES]
    assert [round(int(each) / 1e9 - NOON) for each in since] == [-900, -900, -53]
    assert len(written.messages) == 10


def test_more_trades_at_once_than_a_page_holds_are_all_there_if_the_newest_page_reaches_back(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    crowd = [(number, NOON - 60, "100") for number in range(1_500)]
    server.answer(TRADES, trades_since([*crowd, (1_500, NOON - 50, "101")]))

    poll_until_caught_up(make_market())

    assert len({message["message_id"] for message in written.messages}) == 1_501
    assert state(tmp_path).gaps == []


def test_more_trades_at_once_than_any_page_reaches_are_passed_and_marked(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    crowd = [(number, NOON - 60, "100") for number in range(2_500)]
    server.answer(TRADES, trades_since([*crowd, (2_500, NOON - 50, "101")]))

    poll_until_caught_up(make_market())

    assert shown(written)[-1] == ("11:59:10", 101.0)
    assert [(gap.n_missing, gap.cause) for gap in state(tmp_path).gaps] == [
        (501, "the exchange left out numbered trades")
    ]


def test_six_hundred_trades_a_second_are_all_there(
    server: ScriptedServer, make_market: MakeMarket, written: Written, tmp_path: Path
) -> None:
    trades = [(number, NOON - 60 + number // 6 / 100, "100") for number in range(12_000)]
    server.answer(TRADES, trades_since(trades))

    poll_until_caught_up(make_market())

    assert len({message["message_id"] for message in written.messages}) == 12_000
    assert state(tmp_path).gaps == []
