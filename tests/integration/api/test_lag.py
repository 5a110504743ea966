"""Lag against a real broker."""

import gc
import time
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from api.status.lag import EndOffsets, EndOffsetWatch
from streaming.broker import EmbeddedBroker
from streaming.topics import create_topics

TOPICS = frozenset({"raw-price"})
WITHIN_SECONDS = 20.0


def wait_for_known(watch: EndOffsetWatch, *, known: bool) -> EndOffsets:
    deadline = time.monotonic() + WITHIN_SECONDS
    while (found := watch.read(TOPICS)).known is not known:
        assert time.monotonic() < deadline, f"end offsets are still {found}"
    return found


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


def test_broker_that_never_answers_leaves_no_descriptors_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.status.lag.REQUEST_TIMEOUT_SECONDS", 1)
    watch = EndOffsetWatch({"bootstrap_servers": ["127.0.0.1:1"]}, every_seconds=0.01)
    counts = []
    for _ in range(3):
        with pytest.raises(KafkaTimeoutError):
            watch._connect()
        gc.collect()  # exceptions and clients refer to each other
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[-1] == counts[0]
