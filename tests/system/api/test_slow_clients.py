"""Clients that dawdle take nothing from others; requests in flight end before the server does."""

import http.client
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


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One symbol with an answer that no socket's buffers hold."""
    times = (NOON + timedelta(milliseconds=500 * n) for n in range(N_ROWS))
    return build_lake(tmp_path_factory.mktemp("lake"), price=[{"event_time": time} for time in times]).path


@pytest.fixture
def impatient(lake: Path, tmp_path: Path) -> Iterator[ApiProcess]:
    """With one thread, so that whoever holds it is noticed."""
    settings = {
        "CRYPTOVIZ_HTTP_HEAD_SECONDS": "0.5",
        "CRYPTOVIZ_HTTP_PIECE_SECONDS": "3",
        "CRYPTOVIZ_HTTP_WORKERS": "1",
        "CRYPTOVIZ_HTTP_THREADS": "1",
    }
    with running_api(lake=lake, runtime_dir=tmp_path, **settings) as running:
        yield running


@pytest.fixture
def patient(lake: Path, tmp_path: Path) -> Iterator[ApiProcess]:
    with running_api(lake=lake, runtime_dir=tmp_path, CRYPTOVIZ_HTTP_WORKERS="1") as running:
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
