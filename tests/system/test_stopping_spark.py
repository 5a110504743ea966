"""Services of Spark, and what waits for a lake's storage, end from any state within 20 s and leave no process."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.shared_broker import without_topics
from tests.support.stopping_programs import (
    DEAD_BROKER,
    TO_GROUP,
    TO_PROCESS,
    Running,
    Sent,
    assert_stops,
    has_jvm,
    prints,
    running,
)


@pytest.fixture(scope="module")
def broker(broker_of_worker: EmbeddedBroker) -> EmbeddedBroker:
    broker = without_topics(broker_of_worker)
    create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
    return broker


@pytest.fixture
def silent_server() -> Iterator[tuple[str, threading.Event]]:
    """Serve an address that accepts connections and never answers; the event is set at the first one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        was_asked = threading.Event()
        accepted: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    accepted.append(listener.accept()[0])
                    was_asked.set()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", was_asked
        for connection in accepted:
            connection.close()


@pytest.mark.parametrize(
    "command",
    [("streaming.ingest", "run"), ("compaction", "run", "--every", "60")],
    ids=["ingest", "compaction"],
)
def test_program_that_waits_for_the_storage_of_the_lake_ends(
    tmp_path: Path,
    broker: EmbeddedBroker,
    silent_server: tuple[str, threading.Event],
    command: tuple[str, ...],
) -> None:
    address, was_asked = silent_server
    options = {
        "aws_endpoint": f"https://{address}",
        "aws_access_key_id": "a",
        "aws_secret_access_key": "b",
        "aws_region": "us-east-1",
    }
    environ = {
        "CRYPTOVIZ_LAKE_URI": "s3://lake/lake",
        "CRYPTOVIZ_LAKE_STORAGE_OPTIONS": json.dumps(options),
        "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
    }
    with running(tmp_path, *command, **environ) as program:
        program.wait_for(lambda _: was_asked.is_set(), "a question to the storage")
        assert_stops(program, TO_PROCESS)


@pytest.mark.parametrize(
    ("command", "state", "sent"),
    [
        (("streaming.ingest", "run"), has_jvm, TO_GROUP),
        (("streaming.analysis", "run"), prints("interrupted error=KafkaUnavailableError"), TO_GROUP),
        pytest.param(
            ("streaming.ingest", "run"),
            prints("interrupted error=KafkaUnavailableError"),
            TO_PROCESS,
            marks=pytest.mark.soak,
        ),
        pytest.param(
            ("streaming", "run", "--master", "spark://127.0.0.1:1"),
            has_jvm,
            TO_PROCESS,
            marks=pytest.mark.soak,
        ),
    ],
    ids=["starting", "analysis, dead broker", "ingest, dead broker", "no master"],
)
def test_spark_service_that_is_not_up_ends(
    tmp_path: Path, command: tuple[str, ...], state: Callable[[Running], bool], sent: Sent
) -> None:
    with running(tmp_path, *command, CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS=DEAD_BROKER) as program:
        program.wait_for(state, "the state")
        assert_stops(program, sent)


@pytest.mark.parametrize(
    "sent",
    [pytest.param(TO_PROCESS, id="process"), pytest.param(TO_GROUP, id="group", marks=pytest.mark.soak)],
)
def test_stream_whose_spark_master_does_not_answer_ends(
    tmp_path: Path, silent_server: tuple[str, threading.Event], sent: Sent
) -> None:
    address, was_asked = silent_server
    command = ("streaming", "run", "--master", f"spark://{address}")
    with running(tmp_path, *command, CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS=DEAD_BROKER) as program:
        program.wait_for(lambda _: was_asked.is_set(), "a question to the master")
        assert_stops(program, sent)


@pytest.mark.parametrize(
    "sent",
    [pytest.param(TO_GROUP, id="group"), pytest.param(TO_PROCESS, id="process", marks=pytest.mark.soak)],
)
def test_stream_in_the_middle_of_its_batches_ends(tmp_path: Path, broker: EmbeddedBroker, sent: Sent) -> None:
    environ = {"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap}
    feed = ("streaming.feed", "burst", "--count", "20000", "--rate", "300")
    (tmp_path / "feed").mkdir()
    with running(tmp_path, "streaming", "run", **environ) as program:
        program.wait_for(prints("ingest starts"), "the start")
        with running(tmp_path / "feed", *feed, **environ):
            program.wait_for(prints("batch="), "a batch")
            assert_stops(program, sent)
