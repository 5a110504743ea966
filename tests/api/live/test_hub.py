"""Subscriptions: a resume misses nothing or says so; no client gets a row twice or waits for a slow one."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.live.client import Client, Transport
from api.live.hub import HEARTBEAT_SECONDS, MAX_REPLAYED, STALL_SECONDS, TICK_SECONDS, Hub
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.tail.store import Message
from tests.support.live_stream import TABLE_OF_TOPIC, TOPICS, Pipeline, Sent
from tests.support.messages import sentiment, to_bytes
from tests.support.profiles import sized

TABLE, TOPIC_ID = "gold_sentiment", TOPICS["analyzed-sentiment"]
START = datetime(2026, 1, 10, 12, tzinfo=UTC)


class Live:
    """A tail, a hub on it, and clients whose frames are recorded."""

    def __init__(self, folder: Path, *, max_messages: int = 10_000) -> None:
        self.pipeline = Pipeline(folder, max_messages=max_messages)
        self.pipeline.follow([])
        self.hub = Hub(self.pipeline.tail)
        self.n_sent = 0

    def send(self, n_messages: int, *, symbol: str = "btc", dispatch: bool = True) -> None:
        for _ in range(n_messages):
            value = to_bytes(sentiment(START, symbol=symbol, key=str(self.n_sent)))
            message = Message(self.n_sent, symbol.encode(), value, int(START.timestamp() * 1e6))
            self._follow(Sent("analyzed-sentiment", 0, message))
            self.n_sent += 1
        if dispatch:
            self.hub.dispatch()

    def follow_again(self, offsets: Sequence[int]) -> None:
        """Begin anew as the follower does, and read what was read before."""
        self.pipeline.begin({})
        for offset in offsets:
            value = to_bytes(sentiment(START, key=str(offset)))
            self._follow(
                Sent("analyzed-sentiment", 0, Message(offset, b"btc", value, int(START.timestamp() * 1e6)))
            )
        self.hub.dispatch()

    def client(self, *, max_bytes: int = 1_000_000, reads: bool = True) -> "RecordedClient":
        return RecordedClient(self.hub, max_bytes=max_bytes, reads=reads)

    def _follow(self, sent: Sent) -> None:
        table, end = TABLE_OF_TOPIC[sent.topic], sent.message.offset + 1
        rows = self.pipeline.tail.ingest(
            table, sent.partition, [sent.message], end, self.pipeline.deduplicator.decide
        )
        self.pipeline.tail.confirm()
        self.hub.add_rows(table, TopicPartition(TOPIC_ID, sent.partition), rows, end)


class RecordedClient:
    """A client that records its frames; one that does not read records none."""

    def __init__(self, hub: Hub, *, max_bytes: int, reads: bool) -> None:
        self.frames: list[dict[str, Any]] = []
        self.is_aborted = False
        self._reads = reads
        self.client = Client(Transport(self._take, self._abort), max_bytes=max_bytes)
        hub.add_client(self.client)

    async def _take(self, frame: bytes) -> None:
        if not self._reads:
            await asyncio.Event().wait()
        self.frames.append(json.loads(frame))

    def _abort(self) -> None:
        self.is_aborted = True

    def updates(self) -> list[int]:
        """Return the offsets of the rows that came as updates."""
        positions = [frame["position"] for frame in self.frames if frame["type"] == "update"]
        return [position[TOPIC_ID][0] - 1 for position in positions]

    def outcomes(self) -> list[str]:
        return [frame["data"]["outcome"] for frame in self.frames if frame["type"] == "subscribed"]

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


def at(offset: int) -> Position:
    return Position({TopicPartition(TOPIC_ID, 0): offset, TopicPartition(TOPIC_ID, 1): 0})


def run(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_fresh_client_gets_the_newest_row_and_then_every_row_once(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        live.send(3)
        recorded = live.client()

        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        live.send(2)
        live.hub.dispatch()
        await settle()

        assert recorded.kinds() == ["subscribed", "snapshot", "update", "update"]
        assert recorded.frames[1]["data"]["message_id"].startswith("btc:")
        assert recorded.updates() == [3, 4]

    run(scene)


@pytest.mark.parametrize(
    ("depuis", "outcome", "updates"),
    [(5, "nothing_missed", []), (3, "replayed", [3, 4]), (0, "replayed", [0, 1, 2, 3, 4])],
)
def test_a_resume_brings_what_was_missed_and_no_more(
    tmp_path: Path, depuis: int, outcome: str, updates: list[int]
) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        live.send(5, dispatch=False)
        recorded = live.client()

        live.hub.subscribe(recorded.client, "sentiment", "btc", at(depuis))
        live.hub.dispatch()
        live.send(1)
        await settle()

        assert recorded.outcomes() == [outcome]
        assert recorded.updates() == [*updates, 5]

    run(scene)


@pytest.mark.parametrize("depuis", [at(2), Position({TopicPartition("another", 0): 9}), Position()])
def test_a_position_that_is_not_held_is_a_gap_with_the_history_to_ask(
    tmp_path: Path, depuis: Position
) -> None:
    async def scene() -> None:
        live = Live(tmp_path, max_messages=4)
        live.send(10)
        recorded = live.client()

        live.hub.subscribe(recorded.client, "sentiment", "btc", depuis)
        live.send(1)
        await settle()

        assert recorded.kinds() == ["subscribed", "gap", "update"]
        assert recorded.frames[1]["data"]["refetch"] == "/api/v1/sentiment/btc/historique"
        assert recorded.updates() == [10]

    run(scene)


def test_a_position_ahead_of_this_process_waits_for_what_lies_beyond_it(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        live.send(3)
        recorded = live.client()

        live.hub.subscribe(recorded.client, "sentiment", "btc", at(5))
        live.send(4)
        await settle()

        assert recorded.updates() == [5, 6]

    run(scene)


def test_more_than_may_be_replayed_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.live.hub.MAX_REPLAYED", 3)
    assert MAX_REPLAYED > 3

    async def scene() -> None:
        live = Live(tmp_path)
        live.send(4)
        recorded = live.client()

        live.hub.subscribe(recorded.client, "sentiment", "btc", at(0))
        await settle()

        assert recorded.outcomes() == ["gap"]

    run(scene)


def test_rows_that_the_follower_reads_again_are_not_sent_again(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client()
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        live.send(3)

        live.follow_again(range(5))
        await settle()

        assert recorded.updates() == [0, 1, 2, 3, 4]

    run(scene)


def test_a_tail_that_passed_messages_over_tells_a_gap(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client()
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)

        live.hub.add_gap(TABLE)
        live.send(1)
        await settle()

        assert recorded.kinds() == ["subscribed", "snapshot", "gap", "update"]

    run(scene)


def test_each_client_gets_what_it_follows_until_it_leaves(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        one, other = live.client(), live.client()
        live.hub.subscribe(one.client, "sentiment", "btc", None)
        live.hub.subscribe(other.client, "sentiment", "eth", None)
        live.send(1, symbol="btc")
        live.send(1, symbol="eth")
        await settle()
        live.hub.unsubscribe(other.client, "sentiment", "eth")
        live.hub.remove_client(one.client)
        live.send(1, symbol="btc")
        live.send(1, symbol="eth")
        await settle()

        assert (one.updates(), other.updates()) == ([0], [1])

    run(scene)


def test_a_client_that_does_not_read_is_disconnected_and_the_other_gets_all(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        slow, quick = live.client(max_bytes=3_000, reads=False), live.client()
        for recorded in (slow, quick):
            live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        for _ in range(20):
            live.send(1)
            await settle()

        assert (slow.is_aborted, quick.is_aborted) == (True, False)
        assert quick.updates() == list(range(20))

    run(scene)


def test_a_duplicate_is_no_update(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client()
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        live.send(2)
        value = to_bytes(sentiment(START, key="0"))
        live._follow(Sent("analyzed-sentiment", 0, Message(2, b"btc", value, int(START.timestamp() * 1e6))))
        live.hub.dispatch()
        await settle()

        assert recorded.updates() == [0, 1]

    run(scene)


def test_subscribing_again_goes_on_without_a_hole_or_a_copy(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client()
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        live.send(2)
        live.send(2, dispatch=False)

        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        live.hub.dispatch()
        live.send(1)
        await settle()

        assert recorded.updates() == [0, 1, 2, 3, 4]
        assert recorded.outcomes() == ["fresh", "replayed", "nothing_missed"]
        assert recorded.kinds()[-3:] == ["subscribed", "snapshot", "update"]
        assert recorded.client.subscriptions == {(TABLE, "btc")}

    run(scene)


def test_no_order_of_rows_and_subscriptions_loses_or_repeats_a_row(tmp_path: Path) -> None:
    async def scene(seed: int) -> None:
        draw = random.Random(seed)
        live = Live(tmp_path / str(seed))
        recorded = live.client()
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        for _ in range(30):
            step = draw.choice(["send", "hold", "again", "dispatch", "other"])
            if step in ("send", "hold"):
                live.send(draw.randrange(3), dispatch=step == "send")
            elif step == "again":
                live.hub.subscribe(recorded.client, "sentiment", "btc", None)
            elif step == "other":
                live.hub.unsubscribe(recorded.client, "prix", "btc")
            else:
                live.hub.dispatch()
        live.hub.dispatch()
        await settle()

        assert recorded.updates() == list(range(live.n_sent))

    for seed in range(sized(quick=3, full=12, soak=200)):
        asyncio.run(scene(seed))


@pytest.mark.parametrize(
    ("silent_seconds", "n_heartbeats"),
    [
        (0.0, 0),
        (HEARTBEAT_SECONDS - TICK_SECONDS - 0.01, 0),
        (HEARTBEAT_SECONDS - TICK_SECONDS, 1),
        (60.0, 1),
    ],
)
def test_a_client_gets_a_heartbeat_before_it_has_been_silent_for_too_long(
    tmp_path: Path, silent_seconds: float, n_heartbeats: int
) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client()
        recorded.client.last_frame_at = 1_000.0
        live.hub.look_after_clients(1_000.0 + silent_seconds)
        await settle()

        assert [frame["type"] for frame in recorded.frames] == ["heartbeat"] * n_heartbeats

    run(scene)


@pytest.mark.parametrize(
    ("stalled_seconds", "is_disconnected"), [(STALL_SECONDS, False), (STALL_SECONDS + 0.01, True)]
)
def test_a_client_that_does_not_read_is_disconnected(
    tmp_path: Path, stalled_seconds: float, is_disconnected: bool
) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client(reads=False)
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        recorded.client.waiting_since = recorded.client.last_frame_at = 1_000.0
        live.hub.look_after_clients(1_000.0 + stalled_seconds)

        assert recorded.is_aborted is is_disconnected

    run(scene)


def test_unsubscribing_says_whether_there_was_a_subscription(tmp_path: Path) -> None:
    async def scene() -> None:
        live = Live(tmp_path)
        recorded = live.client()
        live.hub.subscribe(recorded.client, "sentiment", "btc", None)
        for channel in ("sentiment", "sentiment", "prix"):
            live.hub.unsubscribe(recorded.client, channel, "btc")
        await settle()

        told = [frame for frame in recorded.frames if frame["type"] == "unsubscribed"]
        assert [(frame["channel"], frame["data"]["was_subscribed"]) for frame in told] == [
            ("sentiment", True),
            ("sentiment", False),
            ("prix", False),
        ]
        assert recorded.client.subscriptions == set()

    run(scene)
