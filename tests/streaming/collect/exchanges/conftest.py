"""Fixture of a collector of one scripted market, and what it left behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from streaming.collect.context import Context
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.exchanges.market_state import MarketState
from streaming.collect.exchanges.prices import MarketCollector
from streaming.collect.exchanges.refused import RefusedTrade
from streaming.collect.exchanges.trade import Page
from streaming.collect.sink import Sink
from streaming.collect.source import ExchangeSource, Market
from streaming.collect.state import StateStore
from streaming.kafka.messages import Message
from tests.streaming.collect.conftest import NOON_US, SetClock, Written
from tests.support.exchange_server import serve_market
from tests.support.scripted_server import ScriptedServer

NOON = NOON_US / 1e6
MakeMarket = Callable[..., MarketCollector]


class FailingSink:
    """A sink that fails before its messages are durable."""

    def send(self, message: Message) -> None:
        pass

    def flush(self) -> None:
        raise ConnectionError("killed before Kafka had it")


@pytest.fixture
def make_market(server: ScriptedServer, clock: SetClock, written: Written, tmp_path: Path) -> MakeMarket:
    """Return a maker of collectors of the scripted market; each call is a restart on the same state."""
    serve_market(server)

    def make(*, sink: Sink = written.sink, **settings: Any) -> MarketCollector:
        chosen = {
            "poll_seconds": 3.0,
            "timeout_seconds": 5.0,
            "request_ms": 0,
            "history_days": 1 / 96,
            "consecutive_ids": True,
        } | settings
        source = ExchangeSource(
            exchange="kraken", venue="simx", symbols=("BTC/USD",), url=server.url(), **chosen
        )
        return MarketCollector(
            source,
            Market("BTC/USD", "btc", "usd"),
            client=ExchangeClient(source),
            context=Context(clock=clock, sink=sink, store=StateStore(tmp_path)),
            start_us=clock.now_us(),
        )

    return make


def poll_until_caught_up(collector: MarketCollector) -> None:
    while collector.poll() == 0:
        pass


def state(tmp_path: Path) -> MarketState:
    return StateStore(tmp_path).read("simx-btc-usd", MarketState)


def refused(tmp_path: Path) -> list[RefusedTrade]:
    lines = (tmp_path / "simx-btc-usd.refused.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=RefusedTrade) for line in lines]


def sample(name: str) -> float:
    return REGISTRY.get_sample_value(f"cryptoviz_collect_{name}", {"source": "simx-btc-usd"}) or 0.0


def raising(error: Exception) -> Callable[..., Page]:
    def fetch_page(*_: Any, **__: Any) -> Page:
        raise error

    return fetch_page


def shown(written: Written) -> list[tuple[str, float]]:
    return [(message["exchange_time"][11:19], message["price"]) for message in written.messages]
