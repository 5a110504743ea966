"""Transactions of other producers: markers and aborted records take offsets, and are no records."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import read_position
from lakehouse.delta.table import open_table
from lakehouse.messages.contract import CONTRACTS
from lakehouse.schema.tables import TABLES
from lakehouse.tail.store import INCLUDED
from streaming.doctor.examination import examine
from streaming.kafka.offsets import fetch_undecided
from streaming.kafka.topics import fetch_offsets
from tests.support.messages import price, to_bytes
from tests.support.record_accounting import read_table
from tests.support.tail_follower import following
from tests.support.waiting import wait_until
from tests.system.streaming.ingest.conftest import Pipeline

TOPIC = "raw-price"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


@contextmanager
def transactions(pipeline: Pipeline, name: str = "outside") -> Iterator[KafkaProducer]:
    producer = KafkaProducer(bootstrap_servers=pipeline.broker.bootstrap, transactional_id=name)
    producer.init_transactions()
    try:
        yield producer
    finally:
        producer.close(timeout=5)


def begin(producer: KafkaProducer, keys: Iterable[str]) -> None:
    producer.begin_transaction()
    for at, key in enumerate(keys):
        value = to_bytes(price(START, key=key))
        producer.send(TOPIC, key=b"btc", value=value, partition=at % 2)
    producer.flush()


def ends_of(pipeline: Pipeline) -> dict[tuple[str, int], int]:
    spans = fetch_offsets(pipeline.kafka.for_kafka_python(), CONTRACTS)
    return {key: end for key, (_, end) in spans.items()}


def positions_of(pipeline: Pipeline, table: str) -> dict[tuple[str, int], int]:
    catalog = Catalog(pipeline.lake)
    names = {topic_id: topic for topic, topic_id in catalog.current_topics().items()}
    opened = open_table(catalog.table_location(table, catalog.current_build()), TABLES[table])
    position = read_position(opened, names)
    return {(names[key.topic_id], key.partition): position[key] for key in position}


def test_markers_and_aborted_records_are_no_lag_no_rows_and_no_loss(pipeline: Pipeline) -> None:
    with pipeline.running(), transactions(pipeline) as producer:
        begin(producer, ["a", "b", "c"])
        producer.commit_transaction()
        begin(producer, ["aborted-1", "aborted-2"])
        producer.abort_transaction()
        for at in range(20):
            begin(producer, [f"d{at}", f"e{at}"])
            producer.commit_transaction()
        begin(producer, ["aborted-3"])
        producer.abort_transaction()
        ends = ends_of(pipeline)
        assert ends[TOPIC, 0] == 2 + 1 + 1 + 1 + 20 * 2 + 2
        for table in ("gold_price", "quarantine", "duplicates", "bronze"):
            wait_until(
                lambda table=table: ends.items() & positions_of(pipeline, table).items() >= own_ends(ends),
                f"{table} at the end of Kafka",
            )
    pipeline.assert_accounted()
    rows = read_table(pipeline.lake, "gold_price")
    assert rows.num_rows == 43
    assert details(pipeline, "ingest") == ["0 messages behind Kafka"]

    with following(pipeline.lake, pipeline.broker.bootstrap) as (tail, gains):
        wait_until(lambda: tail.state == INCLUDED, "the tail")
        held = {row.message_id for row in tail.rows_of("gold_price", "btc")}
        reached = {key.partition: end for key, end in tail.ends_of("gold_price").offsets.items()}
    assert held == set(rows["message_id"].to_pylist())
    assert reached == {at: ends[TOPIC, at] for at in (0, 1)}
    assert sum(len(gained) for _, _, gained, _ in gains) == 43

    expire_everything(pipeline)
    with pipeline.running():
        pipeline.send_good(5, key="after")
        pipeline.wait_accounted(43 + 20)


def test_open_transaction_holds_back_what_came_after_it_and_is_named(pipeline: Pipeline) -> None:
    with pipeline.running(), transactions(pipeline) as producer:
        pipeline.send_good(4, key="before", partition=0)
        pipeline.wait_accounted(16)
        begin(producer, ["open"])
        pipeline.send_good(3, key="behind", partition=0)
        assert fetch_undecided(pipeline.kafka.for_kafka_python(), [TOPIC])[TOPIC, 0] == 4
        (waiting,) = details(pipeline, "topic")
        assert waiting.startswith(f"{TOPIC}/0: 4 offsets wait for the end of a transaction")
        pipeline.wait_accounted(16 + 9)  # of the other topics
        wait_until(lambda: details(pipeline, "ingest") == ["0 messages behind Kafka"], "no lag")
        assert read_table(pipeline.lake, "gold_price").num_rows == 4

        producer.abort_transaction()
        pipeline.wait_accounted(16 + 12)
    pipeline.assert_accounted()
    assert read_table(pipeline.lake, "gold_price").num_rows == 7


def own_ends(ends: dict[tuple[str, int], int]) -> set[tuple[tuple[str, int], int]]:
    return {(key, end) for key, end in ends.items() if key[0] == TOPIC}


def details(pipeline: Pipeline, what: str) -> list[str]:
    """Return what the doctor says of a subject."""
    environ = {
        "CRYPTOVIZ_LAKE_URI": pipeline.lake.uri,
        "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": pipeline.broker.bootstrap,
    }
    return [finding.detail for finding in examine(environ) if finding.what == what]


def expire_everything(pipeline: Pipeline) -> None:
    """Remove every record and marker that Kafka has, as its retention does in the end."""
    admin = KafkaAdminClient(bootstrap_servers=pipeline.broker.bootstrap)
    admin.delete_records({TopicPartition(topic, at): end for (topic, at), end in ends_of(pipeline).items()})
    admin.close()
    spans = fetch_offsets(pipeline.kafka.for_kafka_python(), [TOPIC])
    assert {first == end for first, end in spans.values()} == {True}
