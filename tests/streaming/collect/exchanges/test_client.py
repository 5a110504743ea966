"""Questions as ccxt's classes send them to exchanges that page by id, by window, by range of ids, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streaming.collect.context import Context
from streaming.collect.errors import FetchError, QuestionRefusedError
from streaming.collect.exchanges.client import MAX_ANSWER_TRADES, ExchangeClient
from streaming.collect.exchanges.market_state import MarketState
from streaming.collect.exchanges.prices import MarketCollector
from streaming.collect.exchanges.trade import Question
from streaming.collect.source import ExchangeSource, to_market
from streaming.collect.state import StateStore
from tests.streaming.collect.conftest import NOON_US, SetClock, Written
from tests.support.exchange_apis import (
    BINANCE_MARKET,
    BYBIT_MARKET,
    COINBASE_MARKET,
    HOUR_MS,
    OKX_MARKET,
    binance_trades,
    body,
    coinbase_trades,
    okx_trades,
)
from tests.support.exchange_server import TRADES, answer_of, serve_market
from tests.support.scripted_server import Answer, ScriptedServer

NOON_MS = NOON_US // 1_000


@pytest.fixture
def collector(
    server: ScriptedServer, clock: SetClock, written: Written, tmp_path: Path
) -> Callable[..., MarketCollector]:
    def make(exchange: str, **settings: Any) -> MarketCollector:
        source = ExchangeSource(
            exchange=exchange,
            venue="simx",
            symbols=("BTC/USDT",),
            url=server.url(),
            request_ms=0,
            consecutive_ids=True,
            **settings,
        )
        context = Context(clock=clock, sink=written.sink, store=StateStore(tmp_path))
        client = ExchangeClient(source)
        market = to_market("BTC/USDT")
        return MarketCollector(source, market, client=client, context=context, start_us=clock.now_us())

    return make


def poll_until_caught_up(collector: MarketCollector) -> None:
    """Poll until three answers in a row want no other one at once."""
    n_quiet = 0
    while n_quiet < 3:
        n_quiet = n_quiet + 1 if collector.poll() else 0


def gaps(tmp_path: Path) -> list[tuple[str, str, int | None]]:
    state = StateStore(tmp_path).read("simx-btc-usdt", MarketState)
    return [(gap.after_time, gap.before_time, gap.n_missing) for gap in state.gaps]


def test_binance_is_read_by_id_over_a_silence_longer_than_its_window(
    server: ScriptedServer,
    collector: Callable[..., MarketCollector],
    clock: SetClock,
    written: Written,
    tmp_path: Path,
) -> None:
    before = [(number, NOON_MS - 540_000 + number) for number in range(3)]
    after = [(3 + number, NOON_MS + 2 * HOUR_MS + number) for number in range(2_500)]
    server.answer("/exchangeInfo", body({"symbols": [BINANCE_MARKET], "timezone": "UTC"}))
    server.answer("/aggTrades", binance_trades(before))
    market = collector("binance", history_days=0.25)

    poll_until_caught_up(market)
    n_before = len(written.messages)
    clock.at_us += 2 * HOUR_MS * 1_000 + 60_000_000
    server.answer("/aggTrades", binance_trades([*before, *after]))
    poll_until_caught_up(market)

    assert n_before == 3
    assert len({message["message_id"] for message in written.messages}) == 2_503
    assert gaps(tmp_path) == [("2026-11-25T06:00:00Z", "2026-11-25T11:51:00Z", None)]


def test_a_pair_listed_after_the_history_begins_is_found(
    server: ScriptedServer, collector: Callable[..., MarketCollector], written: Written, tmp_path: Path
) -> None:
    listed_ms = NOON_MS - 48 * HOUR_MS
    rows = [(number, listed_ms + number * 60_000) for number in range(2_880)]
    server.answer("/exchangeInfo", body({"symbols": [BINANCE_MARKET], "timezone": "UTC"}))
    server.answer("/aggTrades", binance_trades(rows))

    poll_until_caught_up(collector("binance", history_days=7))

    assert len({message["message_id"] for message in written.messages}) == 2_880
    assert gaps(tmp_path) == [("2026-11-18T12:00:00Z", "2026-11-23T12:00:00Z", None)]


def test_okx_is_read_by_ranges_of_ids_after_its_newest_trades(
    server: ScriptedServer,
    collector: Callable[..., MarketCollector],
    clock: SetClock,
    written: Written,
    tmp_path: Path,
) -> None:
    rows = [(1_000 + number, NOON_MS - 60_000 + 100 * number) for number in range(2_000)]
    server.answer("/api/v5/public/instruments", body({"code": "0", "data": [OKX_MARKET]}))
    server.answer("/api/v5/market/trades", okx_trades(rows[:600], limit=100))
    server.answer("/api/v5/market/history-trades", okx_trades(rows, limit=100))
    market = collector("okx", history_days=1)

    poll_until_caught_up(market)
    clock.at_us += 200_000_000
    poll_until_caught_up(market)

    assert [message["price"] for message in written.messages] == [100.5] * 1_500
    assert len({message["message_id"] for message in written.messages}) == 1_500


def test_bybit_is_asked_for_what_it_gives_and_the_rest_is_a_gap(
    server: ScriptedServer, collector: Callable[..., MarketCollector], written: Written, tmp_path: Path
) -> None:
    listed = [
        {
            "execId": str(7_000 + n),
            "symbol": "BTCUSDT",
            "price": "100.5",
            "size": "2",
            "side": "Buy",
            "time": str(NOON_MS - n),
        }
        for n in range(60)
    ]
    server.answer("/v5/market/instruments-info", body({"retCode": 0, "result": {"list": [BYBIT_MARKET]}}))
    server.answer("/v5/market/recent-trade", body({"retCode": 0, "result": {"list": listed}}))

    assert collector("bybit").poll() == 10

    (asked,) = (asked for asked in server.asked if asked.path == "/v5/market/recent-trade")
    assert asked.parameters["limit"] == "60"
    assert len(written.messages) == 60
    assert len(gaps(tmp_path)) == 1


def test_coinbase_is_read_by_windows_narrow_enough_for_a_page(
    server: ScriptedServer, collector: Callable[..., MarketCollector], written: Written, tmp_path: Path
) -> None:
    rows = [(number, NOON_MS - 7 * HOUR_MS + number * 7_000) for number in range(3_000)]
    server.answer("/api/v3/brokerage/market/products", body({"products": [COINBASE_MARKET]}))
    server.answer("/api/v3/brokerage/market/products/BTC-USDT/ticker", coinbase_trades(rows))

    poll_until_caught_up(collector("coinbase", history_days=1 / 3))

    assert len({message["message_id"] for message in written.messages}) == 3_000
    assert gaps(tmp_path) == [("2026-11-25T04:00:00Z", "2026-11-25T05:00:00Z", None)]


def test_an_answer_that_is_no_json_is_a_failure_and_no_empty_page(server: ScriptedServer) -> None:
    serve_market(server)
    server.answer(TRADES, Answer(body=b"<html>maintenance</html>"))
    source = ExchangeSource(
        exchange="kraken", venue="k", symbols=("BTC/USD",), url=server.url(), request_ms=0
    )

    with pytest.raises(FetchError, match="no JSON"):
        ExchangeClient(source).fetch_page("BTC/USD", Question(kind="newest"), now_us=NOON_US)


def test_a_market_that_the_exchange_does_not_have_is_named_with_what_is_close(server: ScriptedServer) -> None:
    serve_market(server)
    source = ExchangeSource(
        exchange="kraken", venue="k", symbols=("BTC/USDT",), url=server.url(), request_ms=0
    )

    with pytest.raises(FetchError, match=r"did you mean BTC/USD\?"):
        ExchangeClient(source).fetch_page("BTC/USDT", Question(kind="newest"), now_us=NOON_US)


def test_a_question_that_the_class_refuses_is_told_from_a_failure(server: ScriptedServer) -> None:
    serve_market(server)
    server.answer(TRADES, Answer(body=json.dumps({"error": ["EGeneral:Invalid arguments"]}).encode()))
    source = ExchangeSource(
        exchange="kraken", venue="k", symbols=("BTC/USD",), url=server.url(), request_ms=0
    )

    with pytest.raises(QuestionRefusedError):
        ExchangeClient(source).fetch_page("BTC/USD", Question(kind="since"), now_us=NOON_US)


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        ("7", 7),
        ("", 0),
        ("0", 0),
        ("-5", 0),
        ("9" * 20, 0),
        ("1, 2", 0),
        ("1e3", 0),
        ("\u0667", 0),
        ("soon", 0),
    ],
)
def test_the_exchanges_own_time_is_its_date_and_the_age_of_a_cached_answer(
    server: ScriptedServer, age: str, seconds: int
) -> None:
    serve_market(server)
    sent = age.encode().decode("latin-1")
    server.answer(TRADES, Answer(headers={"Age": sent}, body=answer_of({"XXBTZUSD": [], "last": "0"})))
    source = ExchangeSource(
        exchange="kraken", venue="k", symbols=("BTC/USD",), url=server.url(), request_ms=0
    )

    page = ExchangeClient(source).fetch_page("BTC/USD", Question(kind="newest"), now_us=NOON_US)

    assert page.exchange_ms == NOON_MS + 1_000 * seconds


def test_trades_of_another_market_are_refused(
    server: ScriptedServer, collector: Callable[..., MarketCollector], written: Written, tmp_path: Path
) -> None:
    rows = [
        {"instId": name, "tradeId": str(number), "px": "100.5", "sz": "2", "side": "buy", "ts": str(NOON_MS)}
        for number, name in enumerate(("BTC-USDT", "ETH-USDT", "BTC-USDT-SWAP", "", "BTC-USDT"))
    ]
    server.answer("/api/v5/public/instruments", body({"code": "0", "data": [OKX_MARKET]}))
    server.answer("/api/v5/market/trades", body({"code": "0", "data": rows}))

    collector("okx").poll()

    lines = (tmp_path / "simx-btc-usdt.refused.jsonl").read_text().splitlines()
    refused = [json.loads(line) for line in lines]
    assert len(written.messages) == 3
    assert [json.loads(each["raw"])["instId"] for each in refused] == ["ETH-USDT", "BTC-USDT-SWAP"]
    assert {each["reason"] for each in refused} == {"no readable time, or another market"}


def test_an_answer_of_more_trades_than_any_exchange_gives_is_a_failure(server: ScriptedServer) -> None:
    serve_market(server)
    server.answer(TRADES, Answer(body=answer_of({"XXBTZUSD": [[]] * 50_001, "last": "0"})))
    source = ExchangeSource(
        exchange="kraken", venue="k", symbols=("BTC/USD",), url=server.url(), request_ms=0
    )

    with pytest.raises(FetchError, match="50001 trades; 50000 are accepted"):
        ExchangeClient(source).fetch_page("BTC/USD", Question(kind="newest"), now_us=NOON_US)


def test_an_answer_of_too_many_trades_is_a_failure(server: ScriptedServer) -> None:
    row = ["100", "0.5", NOON_US / 1e6 - 60, "b", "l", "", 1]
    serve_market(server)
    server.answer(TRADES, Answer(body=answer_of({"XXBTZUSD": [row] * (MAX_ANSWER_TRADES + 1), "last": "0"})))
    source = ExchangeSource(
        exchange="kraken", venue="k", symbols=("BTC/USD",), url=server.url(), request_ms=0
    )

    with pytest.raises(FetchError, match="has 50001 trades; 50000 are accepted"):
        ExchangeClient(source).fetch_page("BTC/USD", Question(kind="newest"), now_us=NOON_US)
