"""Predictions in Spark on a real broker: the same as the forecaster's own, with restarts in the middle."""

from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.messages.contract import PREDICTED_PRICE
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.time_range import SECOND_US, to_time
from streaming.analysis.prediction.arrivals import TOPICS, Arrival, to_arrival
from streaming.analysis.prediction.forecaster import STATE_VERSION, Forecaster
from streaming.analysis.prediction.messages import to_value
from streaming.analysis.prediction.query import start_predictions
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.admin import open_admin
from streaming.kafka.topics import create_topics
from tests.support.messages import price, sentiment, to_bytes
from tests.support.observations import START_MINUTE, walk
from tests.support.shared_broker import without_topics
from tests.support.waiting import WAIT_SECONDS, wait_until

N_MINUTES = 400
SYMBOLS = ("btc", "eth")
_START_US = START_MINUTE * 60 * SECOND_US

Record = tuple[bytes, bytes]


@pytest.fixture(scope="module")
def broker(broker_of_worker: EmbeddedBroker) -> EmbeddedBroker:
    broker = without_topics(broker_of_worker)
    config = KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python()
    create_topics(config, [PREDICTED_PRICE.topic])
    with open_admin(config, timeout_seconds=WAIT_SECONDS) as admin:
        # Stamped by the producer, so that hours of messages need no hours; retained although their stamps are old.
        configs = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
        stamped = {"num_partitions": 2, "configs": configs}
        admin.create_topics(dict.fromkeys(TOPICS, stamped))
        admin.wait_for_topics(TOPICS, timeout_ms=round(WAIT_SECONDS * 1_000))
    return broker


def send(broker: EmbeddedBroker, minutes: range) -> None:
    """Send a price and a text of each symbol for each minute, with repeated, poison and foreign messages."""
    with_all = {"bootstrap_servers": broker.bootstrap, "acks": "all", "linger_ms": 5}
    producer = KafkaProducer(**with_all)
    for symbol in SYMBOLS:
        prices = walk(N_MINUTES, seed=len(symbol) + ord(symbol[0]))
        for minute in minutes:
            instant = to_time(_START_US + (60 * minute + 30) * SECOND_US)
            seen = price(instant, symbol=symbol, key=str(minute), price=prices[minute])
            text = sentiment(instant, symbol=symbol, key=str(minute), score=(minute % 7 - 3) / 3)
            copies = 2 if minute % 50 == 0 else 1
            for _ in range(copies):
                stamped = {"key": symbol.encode(), "timestamp_ms": round(instant.timestamp() * 1_000) + 900}
                producer.send("raw-price", value=to_bytes(seen), **stamped)
                producer.send("analyzed-sentiment", value=to_bytes(text), **stamped)
    for key, value in ((b"btc", b"{"), (b"btc", None), (None, b"x"), (b"Not A Symbol", b"x")):
        producer.send("raw-price", key=key, value=value)
    producer.flush()
    producer.close()


def read(broker: EmbeddedBroker, *topics: str) -> list[tuple[str, int, int, int, bytes | None, bytes | None]]:
    """Return (topic, partition, offset, broker time in ms, key, value) of all records of the topics."""
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, isolation_level="read_committed")
    partitions = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    rows = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(timeout_ms=200).values():
            rows += [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value) for r in records]
    consumer.close()
    return rows


def read_predictions(broker: EmbeddedBroker) -> list[Record]:
    return [(key or b"", value or b"") for *_, key, value in read(broker, PREDICTED_PRICE.topic)]


def expected_predictions(broker: EmbeddedBroker) -> list[Record]:
    """Return the predictions of a forecaster that reads all of Kafka at once, symbol by symbol."""
    arrivals: dict[str, list[Arrival]] = {symbol: [] for symbol in SYMBOLS}
    for topic, partition, offset, broker_ms, key, value in read(broker, *TOPICS):
        arrival = to_arrival(
            topic, partition=partition, offset=offset, broker_us=broker_ms * 1_000, key=key, value=value
        )
        if arrival is not None and key is not None:
            arrivals[key.decode()].append(arrival)
    return [
        (symbol.encode(), to_value(prediction))
        for symbol in SYMBOLS
        for prediction in Forecaster(symbol).add(arrivals[symbol])
    ]


def start(spark: SparkSession, broker: EmbeddedBroker, directory: Path) -> StreamingQuery:
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap)
    return start_predictions(spark, kafka=kafka, checkpoint_dir=directory, trigger_milliseconds=100)


def until_predicted(broker: EmbeddedBroker, query: StreamingQuery) -> list[Record]:
    """Wait until Kafka holds every prediction of its present input."""
    expected = sorted(expected_predictions(broker))

    def has_caught_up() -> bool:
        assert query.exception() is None, str(query.exception())
        return set(read_predictions(broker)) >= set(expected)

    wait_until(has_caught_up, "every prediction in Kafka", 120)
    return expected


def test_predictions_are_the_forecasters_own_through_restarts(
    spark: SparkSession, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    send(broker, range(150))
    query = start(spark, broker, tmp_path)
    until_predicted(broker, query)
    query.stop()
    send(broker, range(150, 300))
    query = start(spark, broker, tmp_path)
    until_predicted(broker, query)
    send(broker, range(300, N_MINUTES))
    expected = until_predicted(broker, query)
    query.stop()
    last_commit = max(
        (tmp_path / f"prediction-v{STATE_VERSION}" / "commits").glob("[0-9]*"),
        key=lambda path: int(path.name),
    )
    last_commit.unlink()  # as if the process had been killed after the sink and before its commit

    query = start(spark, broker, tmp_path)
    wait_until(lambda: last_commit.exists(), "the last batch taken again", 120)
    query.stop()

    predictions = read_predictions(broker)
    assert sorted(set(predictions)) == expected
    assert len(predictions) > len(expected)
    assert len(expected) > 2 * 3 * 150
