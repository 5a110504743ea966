"""Failures of one market: whatever a trade, an answer or a state holds, it is that market's problem alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streaming.collect.exchanges.client import ExchangeClient
from tests.streaming.collect.conftest import SetClock, Written
from tests.streaming.collect.exchanges.conftest import (
    NOON,
    MakeMarket,
    raising,
    refused,
    sample,
    shown,
)
from tests.support.exchange_server import TRADES, answer_of, trades_since
from tests.support.scripted_server import Answer, ScriptedServer


@pytest.mark.parametrize(
    "row",
    [
        ["100", "0.5", NOON - 59, "b", "l", "", "\ud800"],
        ["100", "0.5", 1e300, "b", "l", "", 2],
        ["100", "0.5", -1, "b", "l", "", 2],
        ["100", "0.5", 0, "b", "l", "", 2],
        ["100", "0.5", None, "b", "l", "", 2],
        ["100", "0.5", "noon", "b", "l", "", 2],
        ["100", "0.5", {"a": 1}, "b", "l", "", 2],
        ["1e400", "0.5", NOON - 59, "b", "l", "", 2],
        [{}, [], NOON - 59, "b", "l", "", 2],
        [None, None, NOON - 59, None, None, None, None],
        ["1" * 5_000, "0.5", NOON - 59, "b", "l", "", 2],
        ["100", "0.5", NOON - 59, "b", "l", "", "9" * 5_000],
        ["100", "0.5", NOON - 59, "b", "l", "", 10**4_200],
        [10**4_200, "0.5", NOON - 59, "b", "l", "", 2],
        [[[[[["100"]]]]], "0.5", NOON - 59, "b", "l", "", 2],
        [],
        {},
        None,
        7,
        "text",
        True,
    ],
)
def test_whatever_one_trade_holds_the_others_are_published(
    server: ScriptedServer, make_market: MakeMarket, written: Written, row: object
) -> None:
    good = [["100", "0.5", NOON - 60, "b", "l", "", 1], ["101", "0.5", NOON - 30, "b", "l", "", 3]]
    body = answer_of({"XXBTZUSD": [good[0], row, good[1]], "last": "0"})
    server.answer(TRADES, Answer(body=body))

    make_market(consecutive_ids=False).poll()

    assert {(at, price) for at, price in shown(written)} >= {("11:59:00", 100.0), ("11:59:30", 101.0)}


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), AssertionError("odd"), MemoryError(), UnicodeError("x"), KeyError("a")]
)
def test_whatever_an_answer_raises_is_one_failure_of_its_market(
    make_market: MakeMarket,
    tmp_path: Path,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    monkeypatch.setattr(ExchangeClient, "fetch_page", raising(error))
    collector = make_market()
    n_errors = sample("errors_total")

    with caplog.at_level("INFO"):
        waits = [collector.poll(), collector.poll()]
    restarted = make_market()

    assert waits == [6, 12]
    assert sample("errors_total") - n_errors == 2
    assert [line.levelname for line in caplog.records if "failed=" in line.getMessage()] == ["INFO"] * 2
    assert "Traceback" not in caplog.text
    assert restarted.first_wait_seconds() == 12
    clock.at_us += 5_000_000
    assert restarted.first_wait_seconds() == 7


def test_an_unreadable_state_is_a_failure_of_its_market_and_is_left_alone(
    make_market: MakeMarket, server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer(TRADES, trades_since([(1, NOON - 60, "100")]))
    (tmp_path / "simx-btc-usd.json").write_text("{")
    collector = make_market()

    with caplog.at_level("INFO"):
        waits = [collector.first_wait_seconds(), collector.poll(), collector.poll()]

    assert waits == [0, 6, 12]
    assert "simx-btc-usd.json cannot be read" in caplog.text
    assert (tmp_path / "simx-btc-usd.json").read_text() == "{"


def test_of_an_endless_answer_no_more_is_read_than_is_allowed(
    server: ScriptedServer, make_market: MakeMarket
) -> None:
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for _ in range(500):
            sent.append(100_000)
            yield b"[" * 100_000

    server.answer(TRADES, Answer(body=pieces))

    assert make_market().poll() == 6
    assert sum(sent) < 25_000_000


def test_thousands_of_unreadable_trades_are_recorded_once_and_logged_in_a_few_lines(
    server: ScriptedServer, make_market: MakeMarket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [["100", "0.5", "soon", "b", "l", "", number] for number in range(3_000)]
    server.answer(TRADES, Answer(body=answer_of({"XXBTZUSD": rows, "last": "0"})))
    collector = make_market()

    for _ in range(3):
        collector.poll()

    assert len(refused(tmp_path)) == 3_000
    assert sum("refused: " in line.getMessage() for line in caplog.records) == 6
    assert "refused: 2995 more" in caplog.text


@pytest.mark.parametrize("n_trades", [1, 7, 999, 1_000])
@pytest.mark.parametrize("scale", [1e-3, 1e3, 1e6, -1.0])
def test_trades_with_times_in_another_unit_are_recorded_once_and_what_follows_is_published(
    server: ScriptedServer,
    make_market: MakeMarket,
    written: Written,
    tmp_path: Path,
    scale: float,
    n_trades: int,
) -> None:
    wrong = [["100", "0.5", (NOON - 60) * scale, "b", "l", "", number] for number in range(n_trades)]
    right = answer_of({"XXBTZUSD": [["101", "0.5", NOON - 30, "b", "l", "", n_trades]], "last": "0"})
    server.answer(TRADES, Answer(body=answer_of({"XXBTZUSD": wrong, "last": "0"})))
    collector = make_market()

    for _ in range(3):
        collector.poll()
    n_refused = len(refused(tmp_path))
    server.answer(TRADES, Answer(body=right))
    for _ in range(3):
        collector.poll()

    assert n_refused == n_trades
    assert shown(written) == [("11:59:30", 101.0)]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_of_an_exchange_is_obeyed(
    server: ScriptedServer, make_market: MakeMarket, status: int
) -> None:
    server.answer(TRADES, Answer(status=status, headers={"Retry-After": "75"}))

    assert make_market().poll() == 75


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>maintenance</html>", b'{"error":["EService:Busy"]}', answer_of({"XXBTZUSD": [7]}), b"[]"],
)
def test_unusable_answers_are_retried(
    server: ScriptedServer, make_market: MakeMarket, written: Written, body: bytes
) -> None:
    server.answer(TRADES, Answer(body=body), trades_since([(1, NOON - 60, "100")]))
    collector = make_market()

    collector.poll()
    collector.poll()

    assert shown(written) == [("11:59:00", 100.0)]
