"""The viewer on a WebSocket, the API's own and one that is not ours: a real broker, rows before any commit, deaths."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaProducer

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics, describe_topics
from tests.support.api_process import ApiProcess, running_viewer
from tests.support.messages import price, sentiment, to_bytes
from tests.support.server_processes import ServerProcess, running_external_websocket
from tests.support.shared_broker import without_topics
from tests.system.browser.conftest import OpenPage
from tests.system.browser.page import ViewerPage
from tests.system.browser.test_live import build

pytestmark = pytest.mark.browser

TOPICS = ("raw-price", "analyzed-sentiment", "predicted-price")
GONE = ("WebSocket connection to", "ERR_CONNECTION_RESET", "ERR_CONNECTION_REFUSED")


@pytest.fixture(scope="module")
def broker(broker_of_worker: EmbeddedBroker) -> EmbeddedBroker:
    broker = without_topics(broker_of_worker)
    create_topics({"bootstrap_servers": broker.bootstrap}, TOPICS)
    return broker


@pytest.fixture
def relay(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[ServerProcess]:
    """Run the foreign service on one port; it can be killed and started again."""
    with running_external_websocket(directory=tmp_path, bootstrap=broker.bootstrap) as process:
        yield process


@pytest.fixture
def api(tmp_path: Path, relay: ServerProcess) -> Iterator[ApiProcess]:
    build(tmp_path)
    url = f"ws://127.0.0.1:{relay.port}/flux"
    with running_viewer(
        lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime", CRYPTOVIZ_LIVE_URL=url
    ) as process:
        yield process


@pytest.fixture
def api_with_gateway(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[ApiProcess]:
    """Run an API that follows the broker; nothing commits its messages."""
    build(tmp_path)
    described = describe_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python(), TOPICS)
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    for topic, description in described.items():
        catalog.register_topic(topic=topic, topic_id=description.topic_id)
    with running_viewer(
        lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime", bootstrap=broker.bootstrap
    ) as process:
        yield process


@pytest.fixture
def producer(broker: EmbeddedBroker) -> Iterator[KafkaProducer]:
    made = KafkaProducer(bootstrap_servers=broker.bootstrap)
    yield made
    made.close()


def publish_text(producer: KafkaProducer, name: str) -> None:
    value = to_bytes(sentiment(datetime.now(UTC), key=name, title=name, score=0.9))
    producer.send("analyzed-sentiment", key=b"btc", value=value).get(timeout=20)


def publish_price(producer: KafkaProducer, of_trade: float) -> None:
    value = to_bytes(price(datetime.now(UTC), key=str(of_trade), price=of_trade))
    producer.send("raw-price", key=b"btc", value=value).get(timeout=20)


def n_texts(page: ViewerPage) -> int:
    """Return the number of texts that the charts say they show."""
    summary = str(page.find("#charts").get_attribute("aria-label"))
    return int(summary.rpartition("Texts: ")[2].rstrip("."))


def test_foreign_service_brings_rows_before_any_commit_each_once(
    api: ApiProcess, relay: ServerProcess, producer: KafkaProducer, page_of: OpenPage
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


def test_own_gateway_brings_rows_before_any_commit_and_a_restart_leaves_no_hole(
    api_with_gateway: ApiProcess, producer: KafkaProducer, page_of: OpenPage
) -> None:
    page = page_of(api_with_gateway)
    page.may_log = GONE
    page.open("symbol=btc&range=1h&lang=en")
    page.wait_until(lambda: page.texts("#connection") == ["streaming"], "a stream")
    n_before = n_texts(page)
    publish_price(producer, 877.25)
    publish_text(producer, "one")
    page.wait_until(lambda: page.texts("#last") == ["877.25 USD"], "the price")
    page.wait_until(lambda: n_texts(page) == n_before + 1, "one text more")

    api_with_gateway.stop()
    page.wait_until(lambda: page.texts("#connection") != ["streaming"], "no stream")
    publish_text(producer, "two")
    publish_price(producer, 878.5)
    api_with_gateway.start()
    page.wait_until(lambda: page.texts("#connection") == ["streaming"], "a stream again")
    page.wait_until(lambda: page.texts("#last") == ["878.50 USD"], "what came while it was away")
    page.wait_until(lambda: n_texts(page) == n_before + 2, "each text once")
    publish_text(producer, "three")
    page.wait_until(lambda: n_texts(page) == n_before + 3, "what comes since")


def test_page_polls_while_the_service_is_away(
    api: ApiProcess, relay: ServerProcess, page_of: OpenPage
) -> None:
    relay.kill()
    page = page_of(api)
    page.may_log = GONE
    page.open("symbol=btc&range=1h&lang=en")
    assert page.of_document("dataset.connection") == "live"
    assert page.texts("#connection") == ["every 2 s"]
