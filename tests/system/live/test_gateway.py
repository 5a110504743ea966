"""The gateway on a real broker: who is let in, what is refused, how it ends, and that REST goes on beside it."""

import http.client
import json
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.api_process import ApiProcess
from tests.support.live_gateway import (
    CONNECT_SECONDS,
    SUBSCRIBE,
    Live,
    close_code,
    connect_to,
    exchange,
    get,
    next_frame,
    start_api,
)
from tests.support.waiting import wait_until


def test_a_message_is_in_the_next_answer_and_at_the_client_though_gold_has_nothing(
    live: Live, api: ApiProcess
) -> None:
    path = "/api/v1/sentiment/btc/historique?periode=24h&intervalle=brut&limite=10000"
    with connect_to(api) as socket:
        assert exchange(socket, SUBSCRIBE)["type"] == "subscribed"
        assert next_frame(socket)["type"] == "snapshot"
        live.send(3)
        updates = [next_frame(socket) for _ in range(3)]
    wait_until(lambda: get(api, path)[0] == 200, "the answer to know the symbol")
    wait_until(
        lambda: (
            [point["message_id"] for point in get(api, path)[1]["points"]][-3:]
            == [update["data"]["message_id"] for update in updates]
        ),
        "the answer to hold what the client got",
    )

    answer = get(api, path)[1]
    for point in answer["points"]:
        assert point["origin"] == "generated"
    assert answer["snapshot"][0]["tail"] == "included"
    assert [update["type"] for update in updates] == ["update"] * 3


def test_a_stopping_server_tells_its_clients_to_come_back_and_the_next_one_replays_what_they_missed(
    live: Live, tmp_path: Path
) -> None:
    with start_api(live, tmp_path) as api, connect_to(api) as socket:
        position = exchange(socket, SUBSCRIBE)["position"]
        assert api.stop() == 0
        assert close_code(socket) == 1012
    live.send(4, first=100)
    with start_api(live, tmp_path) as api, connect_to(api) as socket:
        subscribed = exchange(socket, SUBSCRIBE | {"depuis": position})
        replayed = [next_frame(socket)["type"] for _ in range(4)]

    assert subscribed["data"] == {"outcome": "replayed", "n_replayed": 4}
    assert replayed == ["update"] * 4


def test_a_silent_channel_beats_again_and_again(api: ApiProcess) -> None:
    with connect_to(api) as socket:
        assert exchange(socket, SUBSCRIBE | {"symbols": ["nobody"]})["type"] == "subscribed"
        assert next_frame(socket)["type"] == "snapshot"
        kinds = [json.loads(socket.recv(timeout=CONNECT_SECONDS))["type"] for _ in range(2)]

    assert kinds == ["heartbeat", "heartbeat"]


def test_a_foreign_page_is_refused_and_a_named_one_is_told_its_limits(live: Live, tmp_path: Path) -> None:
    settings = {
        "CRYPTOVIZ_LIVE_ORIGINS": "https://viewer.example",
        "CRYPTOVIZ_LIVE_CLIENTS_OF_ADDRESS": "1",
        "CRYPTOVIZ_LIVE_SUBSCRIPTIONS": "2",
    }
    with start_api(live, tmp_path, **settings) as api:
        with pytest.raises(InvalidStatus) as raised:
            connect_to(api, origin="https://evil.example")
        with connect_to(api, origin="https://viewer.example") as socket:
            frame = SUBSCRIBE | {"symbols": ["btc", "eth", "sol"]}
            assert exchange(socket, frame)["data"]["accepted"] == "at most 2 pairs of channel and symbol"
            with connect_to(api) as second:
                assert next_frame(second)["data"]["code"] == "too_many_clients"
                assert close_code(second) == 1013
            assert exchange(socket, SUBSCRIBE)["type"] == "subscribed"

    assert raised.value.response.status_code == 403


@pytest.mark.parametrize("frame", ["{", b"\x00\xff", '{"type": "subscribe"}', "[" * 1000, "null"])
def test_a_hostile_frame_gets_an_error_and_the_connection_lives(api: ApiProcess, frame: str | bytes) -> None:
    with connect_to(api) as socket:
        assert exchange(socket, frame)["type"] == "error"
        assert exchange(socket, SUBSCRIBE)["type"] == "subscribed"


def test_a_frame_that_is_too_long_ends_the_connection(api: ApiProcess) -> None:
    with connect_to(api) as socket:
        socket.send("x" * 100_000)
        assert close_code(socket) == 1009


def test_a_client_that_is_wrong_again_and_again_is_shut_out(api: ApiProcess) -> None:
    with connect_to(api) as socket:
        for _ in range(10):
            socket.send("{")

        assert close_code(socket) == 1008


def test_a_raw_upgrade_that_is_no_websocket_is_answered(api: ApiProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=CONNECT_SECONDS)
    connection.request("GET", "/ws/v1/flux", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert connection.getresponse().status == 400
    connection.close()
