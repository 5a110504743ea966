"""Lag against a real broker."""

import json
import subprocess
import sys
from pathlib import Path

from kafka import KafkaAdminClient, KafkaProducer

from api.status.lag import EndOffsets, EndOffsetWatch
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.processes import ROOT
from tests.support.shared_broker import without_topics
from tests.support.waiting import wait_until

TOPICS = frozenset({"raw-price"})
COUNT_DESCRIPTORS = """
import gc, json, os
from kafka.errors import KafkaTimeoutError
from api.tail.kafka_consumer import Consumer

counts = []
for _ in range(3):
    try:
        Consumer(timeout_seconds=1.0, bootstrap_servers=["127.0.0.1:1"])
    except KafkaTimeoutError:
        gc.collect()  # exceptions and clients refer to each other
        counts.append(len(os.listdir("/proc/self/fd")))
print(json.dumps(counts))
"""


def wait_for_known(watch: EndOffsetWatch, *, known: bool) -> EndOffsets:
    seen: list[EndOffsets] = []

    def is_seen() -> bool:
        seen.append(watch.read(TOPICS))
        return seen[-1].known is known

    wait_until(is_seen, f"end offsets to be {'known' if known else 'unknown'}")
    return seen[-1]


def test_end_offsets_are_known_while_a_broker_answers(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        options = {"bootstrap_servers": [broker.bootstrap]}
        create_topics(options, ["raw-price"], n_partitions=2)
        with KafkaProducer(**options) as producer:
            for _ in range(3):
                producer.send("raw-price", value=b"{}", partition=1)
            producer.flush()
        watch = EndOffsetWatch(options, every_seconds=0.2)
        assert wait_for_known(watch, known=True).offsets == {"raw-price": {0: 0, 1: 3}}
    assert wait_for_known(watch, known=False).offsets == {}
    watch.close()


def test_end_offsets_are_those_of_committed_records_and_of_partitions_that_were_added(
    broker_of_worker: EmbeddedBroker,
) -> None:
    options = {"bootstrap_servers": [without_topics(broker_of_worker).bootstrap]}
    create_topics(options, ["raw-price"], n_partitions=2)
    watch = EndOffsetWatch(options, every_seconds=0.2)
    with (
        KafkaProducer(**options, transactional_id="t") as producer,
        KafkaAdminClient(**options) as admin,
    ):
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("raw-price", value=b"{}", partition=0)
        producer.flush()
        assert wait_for_known(watch, known=True).offsets == {"raw-price": {0: 0, 1: 0}}
        producer.commit_transaction()
        admin.create_partitions({"raw-price": 3})
        expected = {"raw-price": {0: 2, 1: 0, 2: 0}}
        wait_until(lambda: watch.read(TOPICS).offsets == expected, "the marker and the new partition")
    watch.close()


def test_broker_that_never_answers_leaves_no_descriptors_behind() -> None:
    """In a process of its own: what else runs here opens and closes descriptors, too."""
    counting = subprocess.run(
        [sys.executable, "-c", COUNT_DESCRIPTORS], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert counting.returncode == 0, counting.stderr
    counts = json.loads(counting.stdout)
    assert counts == [counts[0]] * 3
