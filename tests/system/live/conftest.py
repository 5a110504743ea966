"""One broker with an empty lake, and the API on them, for all tests here."""

from collections.abc import Iterator

import pytest

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.api_process import ApiProcess
from tests.support.empty_lake import create_empty_lake
from tests.support.live_gateway import Live, start_api


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("live")
    location = LakeLocation.parse(str(directory / "lake"))
    with EmbeddedBroker(directory / "broker") as broker:
        described = create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
        ids = {topic: described[topic].topic_id for topic in CONTRACTS}
        create_empty_lake(location, ids).close()
        yield Live(broker, location.uri, directory, ids)


@pytest.fixture(scope="session")
def api(live: Live) -> Iterator[ApiProcess]:
    with start_api(live, live.directory) as process:
        yield process
