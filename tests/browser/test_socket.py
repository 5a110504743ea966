"""The viewer on a WebSocket service that is not ours: a real broker, rows before any commit, and its death."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from streaming.embedded_broker import EmbeddedBroker
from tests.browser.api_process import ROOT, ApiProcess, running_api
from tests.browser.conftest import OpenPage
from tests.browser.page import ViewerPage
from tests.browser.test_live import build

pytestmark = pytest.mark.browser

TOPICS = ("raw-price", "analyzed-sentiment", "predicted-price")
GONE = ("WebSocket connection to",)


class RelayProcess:
    """The foreign service on one port; it can be killed and started again."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/flux"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.browser.kafka_relay", self._bootstrap, str(self._port)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == str(self._port)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path_factory.mktemp("broker"), topics=TOPICS) as broker:
        yield broker


@pytest.fixture
def relay(broker: EmbeddedBroker) -> Iterator[RelayProcess]:
    process = RelayProcess(broker.bootstrap)
    process.start()
    yield process
    process.kill()


@pytest.fixture
def api(tmp_path: Path, relay: RelayProcess) -> Iterator[ApiProcess]:
    build(tmp_path)
    with running_api(lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime", live_url=relay.url) as process:
        yield process


@pytest.fixture
def producer(broker: EmbeddedBroker) -> Iterator[KafkaProducer]:
    made = KafkaProducer(bootstrap_servers=broker.bootstrap)
    yield made
    made.close()


def publish_text(producer: KafkaProducer, name: str) -> None:
    now_us = time.time_ns() // 1_000
    event_time = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_us / 1e6)) + "Z"
    text = {"v": 1, "message_id": f"btc:{now_us}:{name}", "origin": "collected", "symbol": "btc"}
    text |= {"event_time": event_time, "score": 0.9, "label": "positive", "model": "m", "model_version": "1"}
    value = json.dumps(text | {"source": "wire", "title": name}).encode()
    producer.send("analyzed-sentiment", key=b"btc", value=value).get(timeout=20)


def publish_price(producer: KafkaProducer, price: float) -> None:
    now_us = time.time_ns() // 1_000
    exchange_time = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_us / 1e6)) + "Z"
    trade = {"v": 1, "message_id": f"btc:{now_us}:{price}", "origin": "collected", "base": "btc"}
    trade |= {"exchange_time": exchange_time, "venue": "simx", "quote": "usd", "price": price}
    producer.send("raw-price", key=b"btc", value=json.dumps(trade).encode()).get(timeout=20)


def n_texts(page: ViewerPage) -> int:
    """How many texts the charts say that they show."""
    summary = str(page.find("#charts").get_attribute("aria-label"))
    return int(summary.rpartition("Texts: ")[2].rstrip("."))


def test_foreign_service_brings_rows_before_any_commit_each_once(
    api: ApiProcess, relay: RelayProcess, producer: KafkaProducer, page_of: OpenPage
) -> None:
    page = page_of(api)
    page.may_log = GONE
    page.open("symbol=btc&range=1h&lang=en")
    page.wait_until(lambda: page.of_document("dataset.transport") == "streaming", "a stream")
    assert page.texts("#connection") == ["streaming"]
    publish_price(producer, 777.25)
    publish_text(producer, "first")
    page.wait_until(lambda: page.texts("#last") == ["777.25 USD"], "the price")
    page.wait_until(lambda: n_texts(page) == 2, "one text more than the lake's")

    relay.kill()
    page.wait_until(lambda: page.of_document("dataset.transport") == "polling", "no stream")
    publish_text(producer, "second")
    publish_price(producer, 778.5)
    relay.start()
    page.wait_until(lambda: page.texts("#last") == ["778.50 USD"], "what came while it was away")
    page.wait_until(lambda: n_texts(page) == 3, "each text once")
    publish_text(producer, "third")
    page.wait_until(lambda: n_texts(page) == 4, "what comes since")


def test_page_polls_while_the_service_is_away(
    api: ApiProcess, relay: RelayProcess, page_of: OpenPage
) -> None:
    relay.kill()
    page = page_of(api)
    page.may_log = GONE
    page.open("symbol=btc&range=1h&lang=en")
    assert page.of_document("dataset.connection") == "live"
    assert page.texts("#connection") == ["every 2 s"]
