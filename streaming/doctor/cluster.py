"""Checks of the cluster: topics, their timestamps, brokers' clocks and open transactions."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kafka.errors import KafkaError

from lakehouse.delta.position import TopicPartition
from lakehouse.messages.contract import CONTRACTS
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.doctor.findings import FAIL, OK, WARN, Finding
from streaming.errors import KafkaUnavailableError, StreamingError
from streaming.kafka.admin import open_admin
from streaming.kafka.clock import BrokerClock, Stamped
from streaming.kafka.conditions import (
    clock_conditions,
    overflow_conditions,
    timestamp_conditions,
    transaction_conditions,
)
from streaming.kafka.offsets import fetch_undecided, newest_with
from streaming.kafka.topics import TopicDescription, describe_topics, fetch_offsets

BROKER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """The topics as the cluster has them, and what was read of it before an instant of this machine."""

    kafka: KafkaSettings
    described: Mapping[str, TopicDescription]
    spans: Mapping[TopicPartition, tuple[int, int]]
    """(first offset, end) of each partition."""
    asked_us: int
    """Epoch microseconds."""


def examine_topics(kafka: KafkaSettings) -> tuple[Finding, Cluster | None]:
    """Return what the cluster has of the project's topics; no cluster where it does not answer."""
    config = kafka.for_kafka_python()
    try:
        described = describe_topics(config, CONTRACTS, timeout_seconds=BROKER_SECONDS)
        asked_us = time.time_ns() // 1_000
        spans = fetch_offsets(config, CONTRACTS, timeout_seconds=BROKER_SECONDS)
    except KafkaUnavailableError as error:
        return Finding("kafka", FAIL, str(error), "start the broker, or correct its address"), None
    except (StreamingError, KafkaError) as error:
        return Finding(
            "kafka", FAIL, str(error), "python -m streaming.kafka.topics makes what is missing"
        ), None
    n_partitions = sum(topic.n_partitions for topic in described.values())
    detail = f"{len(described)} topics, {n_partitions} partitions at {kafka.bootstrap_servers}"
    keyed = {TopicPartition(described[topic].topic_id, at): span for (topic, at), span in spans.items()}
    return Finding("kafka", OK, detail), Cluster(kafka, described, keyed, asked_us)


def examine_conditions(cluster: Cluster) -> Iterator[Finding]:
    """Yield a warning for each condition under which messages are refused or wait.

    Called last: a slow clock shows by the records that came since the topics were examined.
    """
    config = cluster.kafka.for_kafka_python()
    topics = cluster.described.values()
    try:
        undecided = fetch_undecided(config, CONTRACTS, timeout_seconds=BROKER_SECONDS)
        newest = _read_newest(cluster)
    except (StreamingError, KafkaError) as error:
        yield Finding("topic", FAIL, str(error), "start the broker, or correct its address")
        return
    clock = BrokerClock()
    clock.note_ends({key: end for key, (_, end) in cluster.spans.items()}, time_us=cluster.asked_us)
    skews_us = clock.skews_us(newest, time_us=time.time_ns() // 1_000)
    conditions = [
        *timestamp_conditions(topics),
        *overflow_conditions(topics, newest),
        *clock_conditions(topics, skews_us),
        *transaction_conditions(undecided),
    ]
    for condition in conditions:
        yield Finding("topic", WARN, f"{condition.where}: {condition.problem}", condition.remedy)
    if not conditions:
        yield Finding("topic", OK, "brokers stamp every record, no clock is off, no transaction is open")


def _read_newest(cluster: Cluster) -> list[Stamped]:
    with open_admin(cluster.kafka.for_kafka_python(), timeout_seconds=BROKER_SECONDS) as admin:
        newest = newest_with(admin, list(cluster.described))
    return [
        Stamped(TopicPartition(cluster.described[topic].topic_id, at), offset, time_us)
        for (topic, at), (offset, time_us) in newest.items()
    ]
