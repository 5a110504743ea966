"""Clusters as others run them: topics that grow, timestamps of producers, wrong clocks, records of any kind."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from pyspark.sql import DataFrame

from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.record_id import RecordId
from lakehouse.messages.replays import REPLAY_OF_HEADER
from lakehouse.tail.store import INCLUDED, TAIL_TOPICS
from streaming.ingest.rebuild import rebuild
from streaming.ingest.splitter import BatchSplitter
from streaming.kafka.topics import describe_topics, fetch_offsets
from streaming.kafka.topics import main as run_topics
from tests.support.hostile_headers import RawKey
from tests.support.hostile_messages import hostile_messages
from tests.support.messages import price, sentiment, to_bytes
from tests.support.record_accounting import read_table
from tests.support.tail_follower import Gains, following
from tests.support.waiting import wait_until
from tests.system.streaming.ingest.conftest import Pipeline

NOW = datetime.now(UTC).replace(microsecond=0)
LAST_MS = (2**63 - 1) // 1_000
"""The last millisecond that has a number of microseconds of 64 bits."""
HEADERS = (
    [],
    [("trace", b"\x00\xff")],
    [("empty", b""), ("", b"no name")],
    [(RawKey(b"\xff\xfe"), b"x")],
    [(REPLAY_OF_HEADER, b"\xff")],
    [(REPLAY_OF_HEADER, b"")],
    [(REPLAY_OF_HEADER, b"t/0/" + b"9" * 5_000)],
    [(REPLAY_OF_HEADER, b"another-topic/7/5")],
    [("x", b"y")] * 200,
)


def to_ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000)


def test_partitions_that_are_added_while_running_are_ingested_and_followed_from_their_first_record(
    pipeline: Pipeline,
) -> None:
    pipeline.send_good(5, key="a")
    with pipeline.running(), following(pipeline.lake, pipeline.broker.bootstrap) as (tail, gains):
        pipeline.wait_accounted(20)
        wait_until(lambda: tail.state == INCLUDED, "the tail")
        add_partitions(pipeline, 5)
        pipeline.new_producer()
        for partition in (2, 3, 4):
            pipeline.send_good(4, key=f"new-{partition}-", partition=partition)
        pipeline.wait_accounted(20 + 48)
        wait_until(lambda: len(gained(gains)) == 17 * len(TAIL_TOPICS), "every row at the relay")
        wait_until(lambda: tail.state == INCLUDED, "the tail to be back")
        ends = fetch_offsets(pipeline.kafka.for_kafka_python(), CONTRACTS)
        reached = {key.partition: end for key, end in tail.ends_of("gold_price").offsets.items()}
        assert reached == {at: end for (topic, at), (_, end) in ends.items() if topic == "raw-price"}
    pipeline.assert_accounted()
    partitions = set(read_table(pipeline.lake, "gold_price")["kafka_partition"].to_pylist())
    assert partitions >= {2, 3, 4}


def test_timestamps_of_producers_are_named_at_the_start_and_cost_their_own_records_alone(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_config(pipeline, "raw-price", {"message.timestamp.type": "CreateTime"})
    for at, timestamp_ms in enumerate((0, 1, 1_000)):
        pipeline.send("raw-price", to_bytes(price(NOW, key=f"none{at}")), timestamp_ms=timestamp_ms)
    pipeline.send("raw-price", to_bytes(price(NOW, key="old")), timestamp_ms=to_ms(NOW - timedelta(days=1)))
    pipeline.send_good(6)

    with caplog.at_level("WARNING"):
        pipeline.ingest_all()

    assert "condition of=raw-price problem=message.timestamp.type=CreateTime" in caplog.text
    assert "condition of=raw-news" not in caplog.text
    rules = read_table(pipeline.lake, "quarantine")["rule"].to_pylist()
    assert sorted(rules) == ["no_broker_time"] * 3 + ["time_in_future"]
    assert read_table(pipeline.lake, "gold_price").num_rows == 6

    monkeypatch.setenv("CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS", pipeline.broker.bootstrap)
    assert run_topics(["--log-append-time"]) == 0
    described = describe_topics(pipeline.kafka.for_kafka_python(), CONTRACTS)
    assert {topic.timestamp_type for topic in described.values()} == {"LogAppendTime"}


@pytest.mark.parametrize("timestamp_ms", [to_ms(NOW) + 40 * 365 * 86_400_000, 2**48, LAST_MS])
def test_timestamp_of_any_size_costs_its_own_record_alone(pipeline: Pipeline, timestamp_ms: int) -> None:
    """Brokers before Kafka 4 take any timestamp of a producer."""
    configs = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
    set_config(pipeline, "raw-price", configs)
    pipeline.send_good(2, key="before")
    pipeline.send("raw-price", to_bytes(price(NOW, key="huge")), timestamp_ms=timestamp_ms)
    pipeline.send_good(2, key="behind")

    with pipeline.running(), following(pipeline.lake, pipeline.broker.bootstrap) as (_, gains):
        pipeline.wait_accounted(17)
        wait_until(lambda: len(gained(gains)) == 4 * len(TAIL_TOPICS), "the tail")

    assert read_table(pipeline.lake, "quarantine")["rule"].to_pylist() == ["event_too_old"]
    assert read_table(pipeline.lake, "gold_price").num_rows == 4


def test_timestamp_that_ends_sparks_query_is_named_with_its_offset(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    configs = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
    set_config(pipeline, "raw-price", configs)
    pipeline.send("raw-price", b"x", timestamp_ms=LAST_MS + 1, partition=1)
    pipeline.flush()

    with caplog.at_level("WARNING"), pipeline.running():
        wait_until(lambda: "ingest interrupted" in caplog.text, "the query to end")

    assert "of=raw-price/1 problem=the timestamp of offset 0 is beyond what Spark can read" in caplog.text


@pytest.mark.parametrize("hours", [1, 24 * 365])
def test_broker_that_is_slow_is_named_by_its_first_new_record(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The machine's clock is set forward here; an hour ahead of the broker is a broker an hour behind."""
    now_ns = time.time_ns
    monkeypatch.setattr("streaming.ingest.run.time.time_ns", lambda: now_ns() + hours * 3_600_000_000_000)
    with caplog.at_level("WARNING"), pipeline.running():
        wait_until(lambda: is_named_after_a_message(pipeline, caplog), "its name")
    assert "behind this machine's" in caplog.text


def is_named_after_a_message(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> bool:
    """Send a message, and return whether the clock of its partition's broker is named by now."""
    pipeline.send_good(1, partition=1)
    return "of=raw-price/1 problem=the broker's clock is at least" in caplog.text


def test_broker_that_is_fast_is_named_at_the_start(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.send_good(1, partition=0)
    now_ns = time.time_ns
    monkeypatch.setattr("streaming.ingest.run.time.time_ns", lambda: now_ns() - 7_200_000_000_000)
    with caplog.at_level("WARNING"), pipeline.running():
        wait_until(lambda: "of=raw-price/0 problem=the broker's clock is at least" in caplog.text, "its name")
    assert "ahead of this machine's" in caplog.text


def test_records_of_any_kind_are_one_row_each_in_stream_rebuild_and_tail(pipeline: Pipeline) -> None:
    for topic in CONTRACTS:
        set_config(pipeline, topic, {"max.message.bytes": "12000000"})
    pipeline.send("raw-price", b"[" * 9_000_000)
    for at, message in enumerate(hostile_messages(600, seed=7)):
        pipeline.send(message.topic, message.value, key=message.key, headers=HEADERS[at % len(HEADERS)])
    for at, headers in enumerate(HEADERS):
        pipeline.send("analyzed-sentiment", to_bytes(sentiment(NOW, key=f"h{at}")), headers=headers)
    pipeline.send_good(5)

    pipeline.ingest_all()
    pipeline.send_good(5, key="after a restart")
    pipeline.ingest_all()

    names = (*TAIL_TOPICS, "quarantine", "duplicates")
    streamed = {name: record_ids(pipeline, name) for name in names}
    with following(pipeline.lake, pipeline.broker.bootstrap) as (_, gains):
        expected = {table: streamed[table] for table in TAIL_TOPICS}
        wait_until(
            lambda: {table: sorted(gained(gains, table)) for table in TAIL_TOPICS} == expected, "the tail"
        )
    rebuild(lake=pipeline.lake, reason="test", progress=lambda _: None, runtime_dir=pipeline.directory)
    assert {name: record_ids(pipeline, name) for name in names} == streamed


def test_batch_of_large_values_is_collected_in_parts_of_bounded_size(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_parts = []

    class SmallParts(BatchSplitter):
        def __init__(self) -> None:
            super().__init__(max_bytes=40_000)

        def parts(self, batch: DataFrame, *, n_offsets: int | None) -> list[DataFrame]:
            parts = super().parts(batch, n_offsets=n_offsets)
            n_parts.append(len(parts))
            return parts

    monkeypatch.setattr("streaming.ingest.committer.BatchSplitter", SmallParts)
    for at in range(20):
        pipeline.send("raw-price", b"x" * (at % 7 * 3_000), partition=at % 2)
    pipeline.send("raw-price", b"", key=None)
    pipeline.send_good(10)
    pipeline.send_good(10)

    pipeline.ingest_all()

    assert max(n_parts) > 2


def add_partitions(pipeline: Pipeline, n_partitions: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=pipeline.broker.bootstrap)
    admin.create_partitions(dict.fromkeys(CONTRACTS, n_partitions))
    admin.close()


def set_config(pipeline: Pipeline, topic: str, configs: dict[str, str]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=pipeline.broker.bootstrap)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=configs)])
    admin.close()


def gained(gains: Gains, table: str | None = None) -> set[RecordId]:
    """Return the records of the rows that a tail gained, of one table or of all. It may read some again."""
    return {row.record_id for of_table, _, rows, _ in gains if table in (None, of_table) for row in rows}


def record_ids(pipeline: Pipeline, name: str) -> list[RecordId]:
    columns = read_table(pipeline.lake, name).select(["topic_id", "kafka_partition", "kafka_offset"])
    return sorted(tuple(row.values()) for row in columns.to_pylist())
