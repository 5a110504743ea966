"""A connection: subscriptions are counted once, unknown symbols are told, and coming back exhausts no limit."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.live.connection_limits import ConnectionLimiter
from api.live.consumer import MAX_FRAMES, FluxConsumer
from api.live.hub import Hub
from api.live.symbol_watch import SymbolWatch
from lakehouse import lake
from lakehouse.process.settings import Settings
from lakehouse.tail.store import Message, Tail
from lakehouse.time_range import to_us
from tests.support.live_stream import Pipeline, Sent, make_stream
from tests.support.messages import MAKERS, to_bytes

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
SUBSCRIBE = {"type": "subscribe", "channels": ["sentiment"], "symbols": ["btc"]}


class Connection:
    """A consumer on a lake of btc, eth and sol whose tail is empty; what it sends is recorded."""

    def __init__(self, gateway: Any) -> None:
        self.consumer = FluxConsumer(gateway)
        self.consumer.scope = {
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "state": {"abort": lambda: None},
        }
        self.consumer.base_send = self._take
        self.sent: list[dict[str, Any]] = []

    async def _take(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def ask(self, *frames: object) -> list[dict[str, Any]]:
        """Send frames; return what came back since the last call."""
        for frame in frames:
            await self.consumer.receive(text_data=json.dumps(frame))
        for _ in range(5):
            await asyncio.sleep(0)
        came, self.sent = self.sent, []
        return [json.loads(message["text"]) for message in came if message["type"] == "websocket.send"]

    @property
    def n_subscriptions(self) -> int:
        assert self.consumer._client is not None
        return len(self.consumer._client.subscriptions)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    pipeline = Pipeline(tmp_path / "lake")
    pipeline.ingest(make_stream(3, 40, start=START))
    pipeline.follow([])
    return pipeline


def connected(pipeline: Pipeline, scene: Callable[[Connection], Awaitable[None]], **settings: Any) -> None:
    """Run a scene of one connection."""

    async def run() -> None:
        connection = Connection(gateway_of(pipeline, **settings))
        await connection.consumer.connect()
        await scene(connection)
        await connection.consumer.disconnect(1000)

    asyncio.run(run())


def gateway_of(pipeline: Pipeline, tail: Tail | None = None, **settings: Any) -> Any:
    tail = tail or pipeline.tail
    return SimpleNamespace(
        settings=Settings(**settings),
        tail=tail,
        hub=Hub(tail),
        connection_limiter=ConnectionLimiter(max_clients=0, max_of_address=0),
        symbols=SymbolWatch(lake.open(pipeline.location.uri), tail),
    )


def kinds(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["type"] for frame in frames]


@pytest.mark.parametrize(
    "again",
    [
        {"symbols": ["btc", "eth"], "channels": ["sentiment", "prix"]},
        {"symbols": ["ETH", "BTC"], "channels": ["prix", "sentiment"]},
        {"symbols": ["Btc", "btc", "eth"], "channels": ["Sentiment", "prix", "PRIX"]},
        {"symbols": ["btc"], "channels": ["prix"], "depuis": {"id-raw-price": [0, 0]}},
    ],
)
def test_subscribing_again_is_subscribed_and_counted_once(pipeline: Pipeline, again: dict[str, Any]) -> None:
    async def scene(connection: Connection) -> None:
        first = {"type": "subscribe", "symbols": ["btc", "eth"], "channels": ["sentiment", "prix"]}
        assert kinds(await connection.ask(first)).count("subscribed") == 4
        for _ in range(30):
            came = kinds(await connection.ask({"type": "subscribe"} | again))
            assert "subscribed" in came
            assert "error" not in came
            assert connection.n_subscriptions == 4
        told = await connection.ask(SUBSCRIBE | {"symbols": ["sol"]})
        assert told[0]["data"]["accepted"] == "at most 4 pairs of channel and symbol"
        await connection.ask({"type": "unsubscribe", "symbols": ["ETH"], "channels": ["prix"]})
        assert kinds(await connection.ask(SUBSCRIBE | {"symbols": ["sol"]}))[0] == "subscribed"

    connected(pipeline, scene, live_subscriptions=4)


def test_unsubscribing_what_is_not_subscribed_is_told_and_no_mistake(pipeline: Pipeline) -> None:
    async def scene(connection: Connection) -> None:
        for _ in range(12):
            (told,) = await connection.ask(SUBSCRIBE | {"type": "unsubscribe"})
            assert (told["type"], told["data"]) == ("unsubscribed", {"was_subscribed": False})
        assert kinds(await connection.ask(SUBSCRIBE)) == ["subscribed", "snapshot"]

    connected(pipeline, scene)


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [("nobody", ""), ("bttc", "; did you mean btc?"), ("BTCC", "; did you mean btc?"), ("0", "")],
)
def test_an_unknown_symbol_is_subscribed_and_told(pipeline: Pipeline, symbol: str, hint: str) -> None:
    async def scene(connection: Connection) -> None:
        subscribed, snapshot, error = await connection.ask(SUBSCRIBE | {"symbols": [symbol]})
        assert (subscribed["type"], subscribed["data"]["known"]) == ("subscribed", False)
        assert snapshot["type"] == "snapshot"
        assert (error["type"], error["symbol"], error["data"]["code"]) == (
            "error",
            symbol.lower(),
            "unknown_symbol",
        )
        assert error["data"]["accepted"] == f"a symbol that /api/v1/actifs lists{hint}"

    connected(pipeline, scene)


def test_unknown_symbols_are_no_mistakes_that_end_a_connection(pipeline: Pipeline) -> None:
    async def scene(connection: Connection) -> None:
        for number in range(20):
            await connection.ask(SUBSCRIBE | {"symbols": [f"zz{number}"]})
        assert kinds(await connection.ask(SUBSCRIBE)) == ["subscribed", "snapshot"]

    connected(pipeline, scene)


def test_a_symbol_of_the_tail_alone_is_known(pipeline: Pipeline) -> None:
    value = to_bytes(MAKERS["raw-price"](START, symbol="newcoin", key="1"))

    async def scene(connection: Connection) -> None:
        frame = SUBSCRIBE | {"channels": ["prix"], "symbols": ["newcoin"]}
        assert kinds(await connection.ask(frame)) == ["subscribed", "snapshot", "error"]
        pipeline.follow([Sent("raw-price", 0, Message(0, b"newcoin", value, to_us(START)))])
        assert kinds(await connection.ask(frame)) == ["subscribed", "update"]

    connected(pipeline, scene)


@pytest.mark.parametrize("has_tables", [False, True])
def test_nothing_is_called_unknown_where_the_lake_knows_no_symbol(
    pipeline: Pipeline, tmp_path: Path, has_tables: bool
) -> None:
    if has_tables:
        Pipeline(tmp_path / "other")

    async def scene() -> None:
        gateway = gateway_of(pipeline)
        gateway.symbols = SymbolWatch(lake.open(str(tmp_path / "other")), pipeline.tail)
        connection = Connection(gateway)
        await connection.consumer.connect()
        assert kinds(await connection.ask(SUBSCRIBE | {"symbols": ["nobody"]})) == ["subscribed", "snapshot"]

    asyncio.run(scene())


def test_a_client_that_comes_back_names_each_subscription_and_exhausts_nothing(pipeline: Pipeline) -> None:
    async def scene() -> None:
        gateway = gateway_of(pipeline, live_subscriptions=150)
        frames = [SUBSCRIBE | {"symbols": [f"s{number}"]} for number in range(150)]
        assert len(frames) > MAX_FRAMES
        for _ in range(5):
            connection = Connection(gateway)
            await connection.consumer.connect()
            came = await connection.ask(*frames)
            assert kinds(came).count("subscribed") == 150
            assert connection.n_subscriptions == 150
            await connection.consumer.disconnect(1006)
        assert gateway.hub.clients == set()
        assert gateway.hub._subscribers == {}
        assert gateway.connection_limiter._by_address.total() == 0

    asyncio.run(scene())


def test_a_storm_of_clients_reads_the_symbols_once(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = SymbolWatch._read
    monkeypatch.setattr(SymbolWatch, "_read", lambda self: (reads.append(1), read(self))[1])

    async def scene() -> None:
        gateway = gateway_of(pipeline)
        connections = [Connection(gateway) for _ in range(20)]
        for connection in connections:
            await connection.consumer.connect()
        came = await asyncio.gather(*(connection.ask(SUBSCRIBE) for connection in connections))
        assert [kinds(frames) for frames in came] == [["subscribed", "snapshot"]] * 20

    asyncio.run(scene())
    assert len(reads) == 1
