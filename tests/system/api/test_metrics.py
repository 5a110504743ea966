"""/metrics of a real server: what its processes measured is added up, whichever of them is asked."""

import http.client
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.api_process import ApiProcess, running_api
from tests.support.lake_builder import build_lake
from tests.support.ports import free_port
from tests.support.waiting import wait_until

N_REQUESTS = 40
OF_HISTORY = "cryptoviz_http_request_seconds_count", ("sentiment-historique", "2xx")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ApiProcess]:
    build_lake(tmp_path / "lake", sentiment=[{}], prediction=[{}], price=[{}])
    with running_api(
        lake=tmp_path / "lake", runtime_dir=tmp_path, CRYPTOVIZ_HTTP_WORKERS="2", CRYPTOVIZ_HTTP_THREADS="2"
    ) as running:
        yield running


def scrape(server: ApiProcess) -> dict[tuple[str, tuple[str, ...]], float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        assert response.status == 200
        text = response.read().decode()
    finally:
        connection.close()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def ask_often(server: ApiProcess) -> None:
    """Each on a connection of its own, several at once, so that both processes answer."""
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda _: server.get("/api/v1/sentiment/btc/historique?periode=1y"), range(N_REQUESTS)
        )
        assert {status for status, *_ in answers} == {200}


def test_requests_of_all_processes_are_counted_and_stay_so_when_one_is_killed(
    server: ApiProcess, tmp_path: Path
) -> None:
    ask_often(server)
    wait_until(lambda: scrape(server)[OF_HISTORY] == N_REQUESTS, "every request to be counted")
    (folder,) = (tmp_path / "metrics").iterdir()
    gauges = {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_*.db")}
    assert len(gauges) == 2

    victim = min(gauges)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not list(folder.glob(f"gauge_*_{victim}.db")), "the killed one's gauges to go")

    ask_often(server)
    wait_until(lambda: scrape(server)[OF_HISTORY] == 2 * N_REQUESTS, "every request to be counted")


def test_server_that_starts_again_counts_from_zero(tmp_path: Path) -> None:
    build_lake(tmp_path / "lake", sentiment=[{}], prediction=[{}], price=[{}])
    port = str(free_port())
    for _ in range(2):
        with running_api(lake=tmp_path / "lake", runtime_dir=tmp_path, CRYPTOVIZ_HTTP_PORT=port) as server:
            assert server.get("/api/v1/sentiment/btc/historique?periode=1y")[0] == 200
            wait_until(lambda: scrape(server).get(OF_HISTORY) == 1, "one request to be counted, and not two")
