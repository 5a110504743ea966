"""Clients that dawdle take nothing from others; requests in flight end before the server does."""

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api_process import ApiProcess, running_api
from tests.support.lake_builder import NOON, build_lake

N_ROWS = 60_000
LARGE = "/api/v1/prix/btc/historique?date_debut=2026-01-10&date_fin=2026-01-11&intervalle=brut&limite=100000&format=csv"
SMALL_BUFFER_BYTES = 16_384
MORE_THAN_ALL_THREADS = 20
MANY_MORE_THAN_ALL_THREADS = 200
MORE_CONNECTIONS_THAN_A_PROCESS_HAS = 1_100


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One symbol with an answer that no socket's buffers hold."""
    times = (NOON + timedelta(milliseconds=500 * n) for n in range(N_ROWS))
    return build_lake(tmp_path_factory.mktemp("lake"), price=[{"event_time": time} for time in times]).path


@pytest.fixture
def impatient(lake: Path, tmp_path: Path) -> Iterator[ApiProcess]:
    """With one thread, so that whoever holds it is noticed."""
    settings = {
        "CRYPTOVIZ_HTTP_REQUEST_SECONDS": "0.5",
        "CRYPTOVIZ_HTTP_PIECE_SECONDS": "3",
        "CRYPTOVIZ_HTTP_WORKERS": "1",
        "CRYPTOVIZ_HTTP_THREADS": "1",
    }
    with running_api(lake=lake, runtime_dir=tmp_path, **settings) as running:
        yield running


@pytest.fixture
def patient(lake: Path, tmp_path: Path) -> Iterator[ApiProcess]:
    with running_api(lake=lake, runtime_dir=tmp_path) as running:
        yield running


def connect(server: ApiProcess) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    client.settimeout(60)
    client.connect(("127.0.0.1", server.port))
    return client


def ask_for_large(client: socket.socket) -> http.client.HTTPResponse:
    client.sendall(f"GET {LARGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    response = http.client.HTTPResponse(client)
    response.begin()
    return response


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nX-Slow: "])
def test_connection_without_a_whole_head_is_closed(impatient: ApiProcess, sent: bytes) -> None:
    with connect(impatient) as client:
        client.sendall(sent)
        assert client.recv(1) == b""
    assert impatient.get("/healthz")[0] == 200


def test_client_that_does_not_take_its_answer_is_cut_off(impatient: ApiProcess) -> None:
    with connect(impatient) as client:
        response = ask_for_large(client)
        assert impatient.get("/healthz")[0] == 200  # the only thread is free again
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()


UNFINISHED = [
    b"GET /healthz HTTP/1.1\r\nX-Slow: ",
    b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 100\r\n\r\nusername=",
    b"POST /api/v1/vues HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"GET /ws/v1/flux HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Content-Length: 10\r\n\r\n",
]


@pytest.mark.parametrize("sent", UNFINISHED)
def test_requests_that_never_end_take_no_thread(impatient: ApiProcess, sent: bytes) -> None:
    held = [connect(impatient) for _ in range(MANY_MORE_THAN_ALL_THREADS)]
    for client in held:
        client.sendall(sent)
    assert impatient.get("/healthz")[0] == 200
    assert impatient.get("/api/v1/actifs")[0] == 200
    for client in held:
        assert client.recv(1) == b""  # each is closed when its time is over
        client.close()


def test_connections_beyond_the_limit_take_the_place_of_the_oldest_unfinished_one(
    patient: ApiProcess,
) -> None:
    held = [connect(patient) for _ in range(MORE_CONNECTIONS_THAN_A_PROCESS_HAS)]
    for client in held:
        client.sendall(UNFINISHED[1])
    assert patient.get("/healthz")[0] == 200
    assert held[0].recv(1) == b""
    for client in held:
        client.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 10000000", 413),
        ("Transfer-Encoding: chunked\r\n\r\nfffff\r\nabc", 413),
        ("X: " + "x" * 40_000, 431),
    ],
)
def test_too_large_requests_are_refused_before_they_are_sent(
    patient: ApiProcess, head: str, status: int
) -> None:
    with connect(patient) as client:
        client.sendall(f"POST /connexion HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        response = http.client.HTTPResponse(client)
        response.begin()
        assert (response.status, json.loads(response.read())["status"]) == (status, status)


def test_a_body_in_pieces_is_answered_as_one_sent_at_once(patient: ApiProcess) -> None:
    request = b"POST /api/v1/vues HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    bodies = (b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    statuses = set()
    for body in bodies:
        for step in (1, 1000):
            whole = request + body
            with connect(patient) as client:
                for start in range(0, len(whole), step):
                    client.sendall(whole[start : start + step])
                response = http.client.HTTPResponse(client)
                response.begin()
                statuses.add(response.status)
    assert statuses == {401}


def test_the_body_is_sent_by_a_client_that_waits_to_be_asked(patient: ApiProcess) -> None:
    with connect(patient) as client:
        client.sendall(
            b"POST /api/v1/vues HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        )
        answers = client.makefile("rb")
        assert answers.readline() == b"HTTP/1.1 100 Continue\r\n"
        client.sendall(b"{}")
        lines = iter(answers.readline, b"")
        assert any(line.startswith(b"HTTP/1.1 401") for line in lines)


def test_requests_sent_ahead_of_answers_are_answered_in_order(patient: ApiProcess) -> None:
    with connect(patient) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        received = b""
        while received.count(b"HTTP/1.1 200") < 20:
            received += client.recv(65_536)


def test_silent_connections_take_no_thread(patient: ApiProcess) -> None:
    silent = [connect(patient) for _ in range(MORE_THAN_ALL_THREADS)]
    assert patient.get("/healthz")[0] == 200
    for client in silent:
        client.close()


def test_request_in_flight_is_answered_whole_before_the_server_stops(patient: ApiProcess) -> None:
    with connect(patient) as client:
        response = ask_for_large(client)
        patient.send_signal(signal.SIGTERM)
        assert len(response.read().splitlines()) == N_ROWS + 1
    assert patient.wait() == 0
