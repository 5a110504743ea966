"""A broker with the project's topics, a lake beside it, and the ingestion service as a thread of the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from pyspark.sql import SparkSession

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.ingest.loss import accept_losses
from streaming.ingest.preflight import Loss
from streaming.ingest.run import IngestService, IngestSettings
from streaming.kafka.topics import create_topics
from tests.support.messages import MAKERS, to_bytes
from tests.support.record_accounting import assert_accounted, n_rows, read_delivered
from tests.support.shared_broker import without_topics
from tests.support.waiting import WAIT_SECONDS, wait_until


@dataclass
class Pipeline:
    """One broker, one lake, and ways to put messages into the one and wait for rows in the other."""

    broker: EmbeddedBroker
    lake: LakeLocation
    directory: Path
    spark: SparkSession
    _producer: KafkaProducer | None = field(default=None, repr=False)

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(bootstrap_servers=self.broker.bootstrap)

    def send(self, topic: str, value: bytes | None, *, key: bytes | None = b"btc", **where: Any) -> None:
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self.broker.bootstrap, acks="all", linger_ms=5, max_request_size=12_000_000
            )
        self._producer.send(topic, key=key, value=value, **where)

    def send_good(self, n_each: int, *, start: datetime | None = None, key: str = "k", **where: Any) -> None:
        """``n_each`` good messages to every topic, a second apart from ``start`` on (five minutes ago by default)."""
        first = start or datetime.now(UTC) - timedelta(minutes=5)
        for at in range(n_each):
            instant = first + timedelta(seconds=at)
            for topic, make in MAKERS.items():
                self.send(topic, to_bytes(make(instant, symbol="btc", key=f"{key}{at}")), **where)
        self.flush()

    def flush(self) -> None:
        if self._producer is not None:
            self._producer.flush()

    def new_producer(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=1)
        self._producer = None

    def recreate(self, topic: str) -> None:
        """Delete a topic and make it again, under another id."""
        self.new_producer()
        admin = KafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        admin.delete_topics([topic])
        wait_until(lambda: topic not in admin.list_topics(), "the topic to be gone")
        admin.close()
        create_topics(self.kafka.for_kafka_python())

    def accept_losses(self, *, dry_run: bool = False) -> list[Loss]:
        return accept_losses(
            lake=self.lake,
            kafka=self.kafka,
            topics=tuple(CONTRACTS),
            reason="disk was full",
            accepted_by="operator",
            dry_run=dry_run,
        )

    def service(self, **settings: Any) -> IngestService:
        checkpoint_dir = self.directory / "checkpoints"
        values = {
            "lake": self.lake,
            "kafka": self.kafka,
            "topics": tuple(CONTRACTS),
            "checkpoint_dir": checkpoint_dir,
        }
        return IngestService(lambda: self.spark, IngestSettings(**(values | settings)))

    @contextmanager
    def running(self, **settings: Any) -> Iterator[IngestService]:
        """Run the service until the block ends, then stopped cleanly. An error of its own fails the test."""
        service = self.service(**settings)
        failures: list[BaseException] = []

        def run() -> None:
            try:
                service.run()
            except BaseException as error:  # noqa: BLE001  raised again in the test's thread
                failures.append(error)

        thread = threading.Thread(target=run, name="ingest", daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.stop()
            thread.join(WAIT_SECONDS)
        if failures:
            raise failures[0]

    def n_accounted(self) -> int:
        names = (*(c.table.name for c in CONTRACTS.values()), "quarantine", "duplicates")
        return sum(n_rows(self.lake, name) for name in names)

    def wait_accounted(self, n_records: int) -> None:
        wait_until(lambda: self.n_accounted() >= n_records, f"{n_records} records accounted for")

    def assert_accounted(self) -> None:
        assert_accounted(self.lake, read_delivered(self.broker.bootstrap))

    def ingest_all(self, **settings: Any) -> None:
        """Run the service until everything that Kafka holds is accounted for, then checks the books."""
        n_records = len(read_delivered(self.broker.bootstrap))
        with self.running(**settings):
            self.wait_accounted(n_records)
        self.assert_accounted()


@pytest.fixture
def pipeline(tmp_path: Path, spark: SparkSession, broker_of_worker: EmbeddedBroker) -> Iterator[Pipeline]:
    broker = without_topics(broker_of_worker)
    create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
    pipe = Pipeline(broker, LakeLocation.parse(str(tmp_path / "lake")), tmp_path, spark)
    yield pipe
    pipe.new_producer()
