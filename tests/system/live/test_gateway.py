"""The gateway on a real broker: who is let in, what is refused, how it ends, and that REST goes on beside it."""

import http.client
import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.settings import KafkaSettings
from streaming.kafka.topics import create_topics
from tests.support.api_process import ApiProcess, running_api
from tests.support.empty_lake import create_empty_lake
from tests.support.messages import sentiment, to_bytes
from tests.support.server_processes import running_external_websocket, running_redis
from tests.support.waiting import wait_until

SUBSCRIBE = {"v": 1, "type": "subscribe", "channels": ["sentiment"], "symbols": ["btc"]}


@dataclass
class Live:
    """A broker and a lake whose gold is empty and stays so: whatever is answered comes from the tail."""

    broker: EmbeddedBroker
    lake_uri: str
    directory: Path
    topic_ids: dict[str, str]

    def send(self, n_messages: int, *, first: int = 0, title: str = "Bitcoin gains") -> None:
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all")
        for number in range(first, first + n_messages):
            value = to_bytes(sentiment(datetime.now(UTC), key=str(number), title=title))
            producer.send("analyzed-sentiment", key=b"btc", value=value)
        producer.flush()
        producer.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("live")
    location = LakeLocation.parse(str(directory / "lake"))
    with EmbeddedBroker(directory / "broker") as broker:
        described = create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
        ids = {topic: described[topic].topic_id for topic in CONTRACTS}
        create_empty_lake(location, ids).close()
        yield Live(broker, location.uri, directory, ids)


@pytest.fixture
def api(live: Live, tmp_path: Path) -> Iterator[ApiProcess]:
    with _api(live, tmp_path) as process:
        yield process


def _api(live: Live, directory: Path, **environ: str) -> Any:
    return running_api(
        lake=live.lake_uri,
        runtime_dir=directory / "runtime",
        bootstrap=live.broker.bootstrap,
        stop_signal=signal.SIGKILL,
        **environ,
    )


def _connect(api: ApiProcess, **options: Any) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{api.port}/ws/v1/flux", **options)


def _ask(socket: ClientConnection, asked: object) -> dict[str, Any]:
    socket.send(asked if isinstance(asked, str | bytes) else json.dumps(asked))
    return _hear(socket)


def _hear(socket: ClientConnection) -> dict[str, Any]:
    """The next frame that is no heartbeat."""
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=15))
        if frame["type"] != "heartbeat":
            return frame


def _hear_out(socket: ClientConnection) -> int:
    """Reads until the server closes; its close code."""
    try:
        while True:
            socket.recv(timeout=15)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006


def _get(api: ApiProcess, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_a_message_is_in_the_next_answer_and_at_the_client_though_gold_has_nothing(
    live: Live, api: ApiProcess
) -> None:
    path = "/api/v1/sentiment/btc/historique?periode=24h&intervalle=brut&limite=10000"
    with _connect(api) as socket:
        assert _ask(socket, SUBSCRIBE)["type"] == "subscribed"
        assert _hear(socket)["type"] == "snapshot"
        live.send(3)
        updates = [_hear(socket) for _ in range(3)]
    wait_until(lambda: _get(api, path)[0] == 200, "the answer to know the symbol")
    wait_until(
        lambda: (
            [point["message_id"] for point in _get(api, path)[1]["points"]][-3:]
            == [update["data"]["message_id"] for update in updates]
        ),
        "the answer to hold what the client got",
    )

    answer = _get(api, path)[1]
    for point in answer["points"]:
        assert point["origin"] == "generated"
    assert answer["snapshot"][0]["tail"] == "included"
    assert [update["type"] for update in updates] == ["update"] * 3


def test_a_new_process_replays_what_was_missed_while_none_ran(live: Live, tmp_path: Path) -> None:
    with _api(live, tmp_path) as api, _connect(api) as socket:
        position = _ask(socket, SUBSCRIBE)["position"]
    live.send(4, first=100)
    with _api(live, tmp_path) as api, _connect(api) as socket:
        told = _ask(socket, SUBSCRIBE | {"depuis": position})
        replayed = [_hear(socket)["type"] for _ in range(4)]

    assert told["data"] == {"outcome": "replayed", "n_replayed": 4}
    assert replayed == ["update"] * 4


def test_a_silent_channel_beats_within_five_seconds(api: ApiProcess) -> None:
    with _connect(api) as socket:
        assert _ask(socket, SUBSCRIBE | {"symbols": ["nobody"]})["type"] == "subscribed"
        assert _hear(socket)["type"] == "snapshot"
        kinds = [json.loads(socket.recv(timeout=5.0))["type"] for _ in range(2)]

    assert kinds == ["heartbeat", "heartbeat"]


def test_a_stopping_server_tells_its_clients_to_come_back(live: Live, tmp_path: Path) -> None:
    with _api(live, tmp_path) as api, _connect(api) as socket:
        _ask(socket, SUBSCRIBE)
        assert api.stop() == 0
        assert _hear_out(socket) == 1012


def test_a_foreign_page_is_refused_and_a_named_one_is_not(live: Live, tmp_path: Path) -> None:
    with _api(live, tmp_path, CRYPTOVIZ_LIVE_ORIGINS="https://viewer.example") as api:
        with pytest.raises(InvalidStatus) as raised:
            _connect(api, origin="https://evil.example")
        with _connect(api, origin="https://viewer.example") as socket:
            assert _ask(socket, SUBSCRIBE)["type"] == "subscribed"

    assert raised.value.response.status_code == 403


def test_limits_are_told_before_the_connection_ends(live: Live, tmp_path: Path) -> None:
    limits = {"CRYPTOVIZ_LIVE_CLIENTS_OF_ADDRESS": "1", "CRYPTOVIZ_LIVE_SUBSCRIPTIONS": "2"}
    with _api(live, tmp_path, **limits) as api, _connect(api) as socket:
        asked = SUBSCRIBE | {"symbols": ["btc", "eth", "sol"]}
        assert _ask(socket, asked)["data"]["accepted"] == "at most 2 pairs of channel and symbol"
        with _connect(api) as second:
            assert _hear(second)["data"]["code"] == "too_many_clients"
            assert _hear_out(second) == 1013
        assert _ask(socket, SUBSCRIBE)["type"] == "subscribed"


@pytest.mark.parametrize("frame", ["{", b"\x00\xff", '{"type": "subscribe"}', "[" * 1000, "null"])
def test_a_hostile_frame_gets_an_error_and_the_connection_lives(api: ApiProcess, frame: str | bytes) -> None:
    with _connect(api) as socket:
        assert _ask(socket, frame)["type"] == "error"
        assert _ask(socket, SUBSCRIBE)["type"] == "subscribed"


def test_a_frame_that_is_too_long_ends_the_connection(api: ApiProcess) -> None:
    with _connect(api) as socket:
        socket.send("x" * 100_000)
        assert _hear_out(socket) == 1009


def test_a_client_that_is_wrong_again_and_again_is_shut_out(api: ApiProcess) -> None:
    with _connect(api) as socket:
        for _ in range(10):
            socket.send("{")

        assert _hear_out(socket) == 1008


def test_a_raw_upgrade_that_is_no_websocket_is_answered(api: ApiProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
    connection.request("GET", "/ws/v1/flux", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert connection.getresponse().status == 400
    connection.close()


def test_without_a_tail_answers_come_from_gold_and_say_so(live: Live, tmp_path: Path) -> None:
    with _api(live, tmp_path, CRYPTOVIZ_TAIL_MESSAGES="0") as api:
        status, _ = _get(api, "/api/v1/sentiment/btc/historique?periode=1h")
        assert status == 404  # gold knows nothing
        with pytest.raises(InvalidStatus):
            _connect(api)


def test_the_tail_is_withdrawn_while_kafka_is_down_and_comes_back(live: Live, api: ApiProcess) -> None:
    path = "/api/v1/sentiment/btc/historique?periode=24h&intervalle=brut"
    live.send(1, first=200)
    wait_until(lambda: _get(api, path)[0] == 200, "the tail to be in the answer")
    live.broker.kill()
    try:
        wait_until(lambda: _get(api, path)[0] == 404, "the tail to be withdrawn")
    finally:
        live.broker.start()
    wait_until(lambda: _get(api, path)[0] == 200, "the tail to be back")
    started = time.monotonic()
    assert _get(api, "/healthz")[0] == 200
    assert time.monotonic() - started < 10


def test_two_processes_behind_redis_hand_on_each_message_once_though_redis_dies(
    live: Live, tmp_path: Path
) -> None:
    with (
        running_redis(tmp_path) as redis,
        _api(
            live,
            tmp_path,
            CRYPTOVIZ_LIVE_PROCESSES="2",
            CRYPTOVIZ_REDIS_URL=f"redis://127.0.0.1:{redis.port}/0",
        ) as api,
        ExitStack() as stack,
    ):
        wait_until(lambda: len(set(re.findall(r"gateway serves pid=(\d+)", api.log))) == 2, "two processes")
        sockets = [stack.enter_context(_connect(api)) for _ in range(8)]
        for socket in sockets:
            assert [_ask(socket, SUBSCRIBE)["type"], _hear(socket)["type"]] == ["subscribed", "snapshot"]
        live.send(3, first=20_000, title="Redis rings")
        heard = [[_hear(socket) for _ in range(3)] for socket in sockets]
        redis.kill()
        live.send(3, first=20_010, title="Redis is dead")
        heard += [[_hear(socket) for _ in range(3)] for socket in sockets]

    titles = [[frame["data"]["title"] for frame in frames] for frames in heard]
    assert titles == [["Redis rings"] * 3] * 8 + [["Redis is dead"] * 3] * 8


def test_a_burst_beyond_what_the_tail_may_hold_is_whole_at_the_client_or_a_gap(
    live: Live, tmp_path: Path
) -> None:
    n_sent = 1_500
    with _api(live, tmp_path, CRYPTOVIZ_TAIL_MESSAGES="50") as api, _connect(api) as socket:
        assert _ask(socket, SUBSCRIBE)["type"] == "subscribed"
        live.send(n_sent, first=1_000)
        frames = []
        while "gap" not in [frame["type"] for frame in frames[-1:]] and len(frames) <= n_sent:
            frames.append(_hear(socket))
        ids = [frame["data"]["message_id"] for frame in frames if frame["type"] == "update"]
        assert len(ids) == len(set(ids))
        wait_until(lambda: _sends_and_hears(live, socket), "updates to go on")


def _sends_and_hears(live: Live, socket: ClientConnection) -> bool:
    """Whether a message reaches the client within seconds; what came before it is passed over."""
    live.send(1, first=9_000, title="after the burst")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            frame = json.loads(socket.recv(timeout=1))
        except TimeoutError:
            continue
        if frame["type"] == "update" and frame["data"]["title"] == "after the burst":
            return True
    return False


def test_a_service_of_somebody_else_speaks_the_same_contract(live: Live, tmp_path: Path) -> None:
    with running_external_websocket(directory=tmp_path, bootstrap=live.broker.bootstrap) as service:
        url = f"ws://127.0.0.1:{service.port}"
        with _api(live, tmp_path) as api, _connect(api) as ours:
            position = _ask(ours, SUBSCRIBE)["position"]
            live.send(2, first=300)
            assert _hear(ours)["type"] == "snapshot"
            own = [_hear(ours) for _ in range(2)]
        with connect(url) as theirs:
            assert _ask(theirs, SUBSCRIBE | {"depuis": position})["type"] == "subscribed"
            others = [_hear(theirs) for _ in range(2)]

    assert [frame["position"] for frame in own] == [frame["position"] for frame in others]
    assert [_said(frame) for frame in own] == [_said(frame) for frame in others]


def _said(frame: dict[str, Any]) -> dict[str, Any]:
    """What both doors tell of a row; the history fills in nulls for what a message leaves out."""
    return {name: value for name, value in frame["data"].items() if value is not None} | {
        "symbol": frame["symbol"]
    }
