"""The real server process over HTTP: it listens, answers, refuses what it cannot read, and stops."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api_process import ApiProcess, run_api_to_its_end, running_api
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

RANGE = "date_debut=2026-01-10&date_fin=2026-01-11"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> LakeBuilder:
    rows = [{"event_time": NOON + timedelta(seconds=i), "score": i / 100} for i in range(50)]
    return build_lake(tmp_path_factory.mktemp("lake"), sentiment=rows)


@pytest.fixture(scope="module")
def server(builder: LakeBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    runtime_dir = tmp_path_factory.mktemp("runtime")
    with running_api(lake=builder.path, runtime_dir=runtime_dir, CRYPTOVIZ_HTTP_WORKERS="2") as running:
        yield running


def test_history_is_answered_over_http(server: ApiProcess) -> None:
    status, media_type, document = server.get(f"/api/v1/sentiment/BTC/historique?{RANGE}&limite=2")
    assert (status, media_type) == (200, "application/json")
    assert [point["count"] for point in document["points"]] == [50]


def test_head_has_the_length_of_get_and_no_body(server: ApiProcess) -> None:
    path = "/api/v1/schema"  # a history's length changes with its age in seconds
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    lengths = []
    for method in ("GET", "HEAD"):
        connection.request(method, path)
        response = connection.getresponse()
        lengths.append((response.status, response.headers["Content-Length"], len(response.read())))
    connection.close()

    assert lengths[0][1] == str(lengths[0][2])
    assert lengths[1] == (200, lengths[0][1], 0)


def test_every_worker_reads_every_cursor(server: ApiProcess) -> None:
    _, _, first = server.get(f"/api/v1/sentiment/btc/historique?{RANGE}&intervalle=brut&limite=10")
    answers = [server.get(first["suivant"]) for _ in range(12)]
    assert {status for status, _, _ in answers} == {200}
    assert {answer["points"][0]["score"] for _, _, answer in answers} == {0.3}


def test_rows_that_are_appended_show_at_once_in_every_worker(
    server: ApiProcess, builder: LakeBuilder
) -> None:
    for n_rows in range(1, 4):
        builder.append("gold_sentiment", [{"symbol": "new", "event_time": NOON + timedelta(seconds=n_rows)}])
        path = f"/api/v1/sentiment/new/historique?{RANGE}&intervalle=brut"
        assert {len(server.get(path)[2]["points"]) for _ in range(6)} == {n_rows}


def test_many_clients_at_once_get_the_same_answer(server: ApiProcess) -> None:
    path = f"/api/v1/sentiment/btc/historique?{RANGE}&intervalle=brut&limite=50"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.get(path), range(64)))
    assert {status for status, _, _ in answers} == {200}
    assert len({json.dumps(answer["points"]) for _, _, answer in answers}) == 1


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /api/v1/actifs?" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431),
        (b"\0\0\0\r\n\r\n", 400),
        (b"GET /api/v1/sentiment/%00/historique HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /api/v1/sentiment/btc/historique?periode=%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /api/v1/sentiment/\xff\xfe/historique HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ],
)
def test_request_that_cannot_be_read_is_a_problem(
    server: ApiProcess, request_bytes: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(request_bytes)
        response = http.client.HTTPResponse(client)
        response.begin()
        assert (response.status, response.headers["Content-Type"]) == (status, "application/problem+json")
        assert json.loads(response.read())["status"] == status


def test_rate_of_an_address_is_counted_over_all_workers(builder: LakeBuilder, tmp_path: Path) -> None:
    settings = {"CRYPTOVIZ_RATE_LIMIT": "5/hour", "CRYPTOVIZ_HTTP_WORKERS": "2"}
    with running_api(lake=builder.path, runtime_dir=tmp_path, **settings) as limited:
        statuses = [limited.get("/api/v1/schema")[0] for _ in range(12)]
    assert statuses == [200] * 5 + [429] * 7


def test_wrong_rate_is_one_line(tmp_path: Path) -> None:
    ended = run_api_to_its_end(CRYPTOVIZ_RATE_LIMIT="often")
    assert ended.returncode == 2
    assert ended.stderr.startswith(
        "CRYPTOVIZ_RATE_LIMIT: 'often' is not a whole number, / and second, minute"
    )


def test_taken_port_is_one_line(server: ApiProcess, tmp_path: Path) -> None:
    second = run_api_to_its_end(CRYPTOVIZ_HTTP_PORT=str(server.port), CRYPTOVIZ_RUNTIME_DIR=str(tmp_path))
    assert second.returncode == 1
    assert second.stderr.strip() == f"cannot listen on 127.0.0.1:{server.port}: Address already in use"


def test_wrong_setting_is_one_line(tmp_path: Path) -> None:
    ended = run_api_to_its_end(CRYPTOVIZ_HTTP_PORT="eighty")
    assert ended.returncode == 2
    assert ended.stderr.strip() == "CRYPTOVIZ_HTTP_PORT: 'eighty' is not a whole number from 0 to 65535"
