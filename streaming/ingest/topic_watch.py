"""Ids and offsets of topics as Kafka states them, over one connection that lasts as long as a run."""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

from lakehouse.delta.position import TopicPartition
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.stopping import call_until_stopped
from streaming.errors import KafkaUnavailableError, TopicRecreatedError
from streaming.kafka.admin import open_admin
from streaming.kafka.clock import Stamped
from streaming.kafka.offsets import newest_with
from streaming.kafka.topics import TopicDescription, describe_with, offsets_with

# kafka-python's own limits do not hold in every state: its consumer can wait for ever for a position.
CALL_SECONDS = 15.0
# Batches that are read already are committed after a request to stop, while Kafka answers this soon.
STOPPING_CALL_SECONDS = 3.0

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class TopicWatch:
    """Description of topics and their offsets; a context manager.

    Every call raises KafkaUnavailableError, TopicNotFoundError or CompactedTopicError, and StopRequestedError where
    Kafka does not answer and the program was asked to stop.
    """

    def __init__(self, kafka: KafkaSettings, topics: Iterable[str], stopping: threading.Event) -> None:
        self.topics = tuple(topics)
        self._kafka = kafka
        self._stopping = stopping
        self._stack = ExitStack()

    def __enter__(self) -> "TopicWatch":
        self._admin = self._call(
            lambda: self._stack.enter_context(open_admin(self._kafka.for_kafka_python()))
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._call(lambda: self._stack.__exit__(None, None, None))
        except KafkaUnavailableError:
            logger.warning("the Kafka client did not close within %.0f s and was left", CALL_SECONDS)

    def describe(self) -> dict[str, TopicDescription]:
        return self._call(lambda: describe_with(self._admin, list(self.topics)))

    def ids(self) -> dict[str, str]:
        return {topic: description.topic_id for topic, description in self.describe().items()}

    def offsets(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return (first offset kept, next offset to be written) of each partition, by the topic's present id."""
        ids = self.ids()
        spans = self._call(lambda: offsets_with(self._admin, list(self.topics)))
        return {TopicPartition(ids[topic], partition): span for (topic, partition), span in spans.items()}

    def newest(self) -> list[Stamped]:
        """Return the record with the newest timestamp of each partition that has any, where brokers know it."""
        ids = self.ids()
        newest = self._call(lambda: newest_with(self._admin, list(self.topics)))
        return [
            Stamped(TopicPartition(ids[topic], partition), offset, time_us)
            for (topic, partition), (offset, time_us) in newest.items()
        ]

    def assert_ids(self, expected: dict[str, str]) -> None:
        """Raise TopicRecreatedError unless every topic still has the id that this run began with.

        Called after a batch was read and before it is committed: records of another topic are never ingested.
        """
        for topic, topic_id in self.ids().items():
            if topic_id != expected[topic]:
                raise TopicRecreatedError(topic, expected_id=expected[topic], current_id=topic_id)

    def _call(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call_until_stopped(
                call, self._stopping, timeout_seconds=CALL_SECONDS, grace_seconds=STOPPING_CALL_SECONDS
            )
        except TimeoutError as error:
            raise KafkaUnavailableError(self._kafka.bootstrap_servers, str(error)) from error
