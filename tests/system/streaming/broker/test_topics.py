"""Topics on a real broker: made once, told apart when made again, refused when compacted."""

import threading
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from streaming.broker.embedded import EmbeddedBroker
from streaming.errors import CompactedTopicError, KafkaUnavailableError, TopicError, TopicNotFoundError
from streaming.kafka.topics import PROJECT_TOPICS, create_topics, describe_topics, fetch_offsets
from tests.support.shared_broker import without_topics
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def config(broker_of_worker: EmbeddedBroker) -> dict[str, str]:
    return {"bootstrap_servers": without_topics(broker_of_worker).bootstrap}


@pytest.fixture
def admin(config: dict[str, str]) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(**config) as client:
        yield client


def test_project_topics_are_made_once_and_keep_their_ids(config: dict[str, str]) -> None:
    first = create_topics(config, n_partitions=3)
    second = create_topics(config, n_partitions=5)

    assert list(first) == list(PROJECT_TOPICS)
    assert {description.n_partitions for description in first.values()} == {3}
    assert {description.timestamp_type for description in first.values()} == {"LogAppendTime"}
    assert {description.cleanup_policy for description in first.values()} == {"delete"}
    assert len({description.topic_id for description in first.values()}) == len(PROJECT_TOPICS)
    assert second == first


def test_topic_made_again_has_another_id(config: dict[str, str], admin: KafkaAdminClient) -> None:
    before = create_topics(config, ["made-again"])["made-again"]
    admin.delete_topics(["made-again"])
    wait_until(lambda: not _exists(config, "made-again"), "the topic to be gone")

    after = create_topics(config, ["made-again"])["made-again"]

    assert after.topic_id != before.topic_id


@pytest.mark.parametrize("policy", ["compact", "compact,delete"])
def test_compacted_topic_is_refused_with_the_reason(
    config: dict[str, str], admin: KafkaAdminClient, policy: str
) -> None:
    topic = "compacted-" + policy.replace(",", "-")
    admin.create_topics({topic: {"configs": {"cleanup.policy": policy}}}, wait_for_metadata=True)

    with pytest.raises(CompactedTopicError, match="compaction makes offsets vanish") as caught:
        describe_topics(config, [topic])
    with pytest.raises(CompactedTopicError):
        create_topics(config, [topic])

    assert caught.value.topic == topic
    assert set(caught.value.cleanup_policy.split(",")) == set(policy.split(","))


def test_absent_topic_is_named(config: dict[str, str]) -> None:
    for ask in (describe_topics, fetch_offsets):
        with pytest.raises(TopicNotFoundError, match="topic absent does not exist"):
            ask(config, ["absent"])


def test_name_that_kafka_refuses_is_reported(config: dict[str, str]) -> None:
    with pytest.raises(TopicError, match="topic not/allowed cannot be created"):
        create_topics(config, ["not/allowed"])


def test_nothing_is_asked_for_no_topic(config: dict[str, str]) -> None:
    assert describe_topics(config, []) == {}
    assert fetch_offsets(config, []) == {}


def test_offsets_are_what_is_kept_and_what_comes_next(
    config: dict[str, str], admin: KafkaAdminClient
) -> None:
    create_topics(config, ["counted"], n_partitions=2)
    producer = KafkaProducer(**config)
    for i in range(5):
        producer.send("counted", b"%d" % i, partition=1).get(timeout=180)
    producer.close()
    admin.delete_records({TopicPartition("counted", 1): 2})

    assert fetch_offsets(config, ["counted"]) == {("counted", 0): (0, 0), ("counted", 1): (2, 5)}


def test_record_carries_the_brokers_time_whatever_its_producer_says(config: dict[str, str]) -> None:
    create_topics(config, ["stamped"], n_partitions=1)
    before_ms = time.time() * 1000
    producer = KafkaProducer(**config)
    producer.send("stamped", b"x", timestamp_ms=1).get(timeout=180)
    producer.close()

    consumer = KafkaConsumer("stamped", **config, auto_offset_reset="earliest", consumer_timeout_ms=180_000)
    record = next(iter(consumer))
    consumer.close()

    assert before_ms - 1000 <= record.timestamp <= time.time() * 1000 + 1000


def test_value_of_two_megabytes_passes(config: dict[str, str]) -> None:
    create_topics(config, ["large"], n_partitions=1)
    producer = KafkaProducer(**config, max_request_size=4_000_000)

    producer.send("large", b"x" * 2_000_000).get(timeout=180)

    producer.close()
    assert fetch_offsets(config, ["large"]) == {("large", 0): (0, 1)}


def test_absent_broker_is_one_error_and_leaves_no_thread() -> None:
    n_threads = threading.active_count()

    with pytest.raises(KafkaUnavailableError, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        describe_topics({"bootstrap_servers": "127.0.0.1:1"}, ["raw-price"], timeout_seconds=0.3)

    assert threading.active_count() == n_threads


def _exists(config: dict[str, str], topic: str) -> bool:
    try:
        describe_topics(config, [topic])
    except TopicNotFoundError:
        return False
    return True
