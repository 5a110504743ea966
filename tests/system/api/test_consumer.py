"""The API's consumer reads what any client may write: every codec as Java writes it, headers of any bytes."""

from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from api.tail.kafka_consumer import Consumer, close_consumer
from streaming.broker.embedded import EmbeddedBroker
from tests.support.hostile_headers import RawKey
from tests.support.shared_broker import without_topics

VALUES = [b"first", b"", None, b"x" * 1_500_000, bytes(range(256)) * 20, b"last"]
HEADERS = [
    [],
    [("", b"")],
    [(RawKey(b"\xff\xfe"), b"\x00")],
    [("a", b"b")] * 50,
    [(RawKey(b"\xed\xa0\x80"), b"")],
    [],
]


@pytest.fixture(scope="module")
def bootstrap(broker_of_worker: EmbeddedBroker) -> str:
    return without_topics(broker_of_worker).bootstrap


@pytest.mark.parametrize("codec", ["uncompressed", "gzip", "snappy", "lz4", "zstd"])
def test_records_that_a_broker_compressed_are_read(bootstrap: str, codec: str) -> None:
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        configs = {"compression.type": codec, "max.message.bytes": "4000000"}
        admin.create_topics({codec: {"num_partitions": 1, "configs": configs}}, wait_for_metadata=True)
    with KafkaProducer(bootstrap_servers=bootstrap, linger_ms=50, max_request_size=4_000_000) as producer:
        for value, headers in zip(VALUES, HEADERS, strict=True):
            producer.send(codec, key=b"k", value=value, headers=headers)

    records = read(bootstrap, codec, n_records=len(VALUES))

    assert [record.value for record in records] == VALUES
    assert [len(record.headers) for record in records] == [len(headers) for headers in HEADERS]


def read(bootstrap: str, topic: str, *, n_records: int) -> list[Any]:
    consumer = Consumer(timeout_seconds=10.0, bootstrap_servers=[bootstrap], auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, 0)])
    found: list[Any] = []
    try:
        while len(found) < n_records:
            for records in consumer.poll(timeout_ms=500).values():
                found += records
    finally:
        close_consumer(consumer)
    return found
