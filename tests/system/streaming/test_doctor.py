"""The doctor beside a real broker: well, behind, a topic that was recreated, a topic that is gone."""

from pathlib import Path

from kafka import KafkaAdminClient, KafkaProducer

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.doctor.examination import examine
from streaming.doctor.findings import FAIL, OK, WARN, Finding
from streaming.kafka.topics import create_topics
from tests.support.empty_lake import create_empty_lake
from tests.support.shared_broker import without_topics


def test_doctor_sees_lag_and_topics_that_are_others_or_gone(
    tmp_path: Path, broker_of_worker: EmbeddedBroker
) -> None:
    broker = without_topics(broker_of_worker)
    config = KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python()
    described = create_topics(config)
    ids = {topic: described[topic].topic_id for topic in CONTRACTS}
    create_empty_lake(LakeLocation.parse(str(tmp_path / "lake")), ids).close()
    environ = {
        "CRYPTOVIZ_LAKE_URI": str(tmp_path / "lake"),
        "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
    }
    assert _find(environ, "kafka").level == OK
    assert _find(environ, "ingest").detail == "0 messages behind Kafka"

    with KafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=20) as producer:
        for _ in range(10_001):
            producer.send("raw-price", b"x")
    assert _find(environ, "ingest").level == WARN
    assert "10,001" in _find(environ, "ingest").detail

    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.delete_topics(["raw-price"])
    gone = _find(environ, "kafka")
    create_topics(config)
    admin.close()
    recreated = _find(environ, "ingest")
    assert (gone.level, "raw-price" in gone.detail) == (FAIL, True)
    assert "streaming.kafka.topics" in gone.advice
    assert (recreated.level, "raw-price" in recreated.detail) == (FAIL, True)
    assert "accept-loss" in recreated.advice


def _find(environ: dict[str, str], what: str) -> Finding:
    return next(finding for finding in examine(environ) if finding.what == what)
