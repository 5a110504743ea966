"""The gateway without a tail, without Kafka, without Redis, in a burst; and another service with the same contract."""

import json
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.api_process import ApiProcess
from tests.support.live_gateway import SUBSCRIBE, Live, connect_to, exchange, get, next_frame, start_api
from tests.support.server_processes import running_external_websocket, running_redis
from tests.support.waiting import wait_until


def test_without_a_tail_answers_come_from_gold_and_say_so(live: Live, tmp_path: Path) -> None:
    with start_api(live, tmp_path, CRYPTOVIZ_TAIL_MESSAGES="0") as api:
        status, _ = get(api, "/api/v1/sentiment/btc/historique?periode=1h")
        assert status == 404  # gold knows nothing
        with pytest.raises(InvalidStatus):
            connect_to(api)


def test_the_tail_is_withdrawn_while_kafka_is_down_and_comes_back(live: Live, api: ApiProcess) -> None:
    path = "/api/v1/sentiment/btc/historique?periode=24h&intervalle=brut"
    live.send(1, first=200)
    wait_until(lambda: get(api, path)[0] == 200, "the tail to be in the answer")
    live.broker.kill()
    try:
        wait_until(lambda: get(api, path)[0] == 404, "the tail to be withdrawn")
        assert get(api, "/healthz")[0] == 200
    finally:
        live.broker.start()
    wait_until(lambda: get(api, path)[0] == 200, "the tail to be back")
    assert get(api, "/healthz")[0] == 200


def test_two_processes_behind_redis_hand_on_each_message_once_though_redis_dies(
    live: Live, tmp_path: Path
) -> None:
    with (
        running_redis(tmp_path) as redis,
        start_api(
            live,
            tmp_path,
            CRYPTOVIZ_LIVE_PROCESSES="2",
            CRYPTOVIZ_REDIS_URL=f"redis://127.0.0.1:{redis.port}/0",
        ) as api,
        ExitStack() as stack,
    ):
        wait_until(lambda: len(set(re.findall(r"gateway serves pid=(\d+)", api.log))) == 2, "two processes")
        sockets = [stack.enter_context(connect_to(api)) for _ in range(8)]
        for socket in sockets:
            assert [exchange(socket, SUBSCRIBE)["type"], next_frame(socket)["type"]] == [
                "subscribed",
                "snapshot",
            ]
        live.send(3, first=20_000, title="Redis rings")
        heard = [[next_frame(socket) for _ in range(3)] for socket in sockets]
        redis.kill()
        live.send(3, first=20_010, title="Redis is dead")
        heard += [[next_frame(socket) for _ in range(3)] for socket in sockets]

    titles = [[frame["data"]["title"] for frame in frames] for frames in heard]
    assert titles == [["Redis rings"] * 3] * 8 + [["Redis is dead"] * 3] * 8


def test_a_burst_beyond_what_the_tail_may_hold_is_whole_at_the_client_or_a_gap(
    live: Live, tmp_path: Path
) -> None:
    n_sent = 1_500
    with start_api(live, tmp_path, CRYPTOVIZ_TAIL_MESSAGES="50") as api, connect_to(api) as socket:
        assert exchange(socket, SUBSCRIBE)["type"] == "subscribed"
        live.send(n_sent, first=1_000)
        frames = []
        while "gap" not in [frame["type"] for frame in frames[-1:]] and len(frames) <= n_sent:
            frames.append(next_frame(socket))
        ids = [frame["data"]["message_id"] for frame in frames if frame["type"] == "update"]
        assert len(ids) == len(set(ids))
        wait_until(lambda: _is_live(live, socket), "updates to go on")


def _is_live(live: Live, socket: ClientConnection) -> bool:
    """Return whether a message reaches the client within seconds, after all that waits."""
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
        with start_api(live, tmp_path) as api, connect_to(api) as ours:
            position = exchange(ours, SUBSCRIBE)["position"]
            live.send(2, first=300)
            assert next_frame(ours)["type"] == "snapshot"
            own = [next_frame(ours) for _ in range(2)]
        with connect(url) as theirs:
            assert exchange(theirs, SUBSCRIBE | {"depuis": position})["type"] == "subscribed"
            others = [next_frame(theirs) for _ in range(2)]

    assert [frame["position"] for frame in own] == [frame["position"] for frame in others]
    assert [_row_of(frame) for frame in own] == [_row_of(frame) for frame in others]


def _row_of(frame: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a frame without its nulls, which the history fills in for absent members."""
    return {name: value for name, value in frame["data"].items() if value is not None} | {
        "symbol": frame["symbol"]
    }
