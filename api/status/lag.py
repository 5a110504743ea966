"""End offsets of the topics, read from Kafka in the background: no request ever waits for a broker."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from api.tail.kafka_consumer import Consumer, close_consumer

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_SECONDS = 3
STALE_AFTER_ROUNDS = 3
_IDLE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class EndOffsets:
    """{topic: {partition: end offset}} as last read; ``known`` is false where Kafka does not answer."""

    known: bool = False
    offsets: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


class EndOffsetWatch:
    """Reader of end offsets, which runs while they are read and stops two minutes after."""

    def __init__(self, options: Mapping[str, Any], *, every_seconds: float) -> None:
        self._options = dict(options)
        self._every_seconds = every_seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._topics: frozenset[str] = frozenset()
        self._latest = EndOffsets()
        self._refreshed_at = 0.0
        self._read_at = 0.0
        self._closed = threading.Event()

    def read(self, topics: frozenset[str]) -> EndOffsets:
        """Return what is known, without waiting. Starts the background thread where none runs."""
        if not self._options.get("bootstrap_servers") or self._closed.is_set():
            return EndOffsets()
        with self._lock:
            self._topics, self._read_at = topics, time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="end-offsets", daemon=True)
                self._thread.start()
            stale = time.monotonic() - self._refreshed_at > STALE_AFTER_ROUNDS * self._every_seconds
            return EndOffsets() if stale else self._latest

    def close(self) -> None:
        """End the background thread. Nothing is known from then on."""
        self._closed.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        consumer: Consumer | None = None
        while time.monotonic() - self._read_at < _IDLE_SECONDS and not self._closed.is_set():
            try:
                consumer = consumer or Consumer(timeout_seconds=REQUEST_TIMEOUT_SECONDS, **self._options)
                self._latest = EndOffsets(True, _read_end_offsets(consumer, self._topics))
                self._refreshed_at = time.monotonic()
            except (KafkaError, OSError) as error:
                logger.info("end offsets unknown error=%s", type(error).__name__)
                close_consumer(consumer)
                consumer = None
            self._closed.wait(self._every_seconds)
        close_consumer(consumer)


def _read_end_offsets(consumer: Consumer, topics: frozenset[str]) -> dict[str, dict[int, int]]:
    partitions = [
        TopicPartition(topic, partition)
        for topic in sorted(topics)
        for partition in sorted(consumer.partitions_for_topic(topic) or ())
    ]
    offsets: dict[str, dict[int, int]] = {}
    for key, offset in consumer.end_offsets(partitions).items():
        offsets.setdefault(key.topic, {})[key.partition] = offset
    return offsets
