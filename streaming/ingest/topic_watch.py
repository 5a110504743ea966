"""What Kafka says of the ingested topics, over one connection that lasts as long as a run."""

import logging
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

from lakehouse.delta.position import TopicPartition
from streaming.errors import KafkaUnavailableError, TopicRecreatedError
from streaming.kafka.admin import ClientConfig, open_admin
from streaming.kafka.bounded_call import call_within
from streaming.kafka.topics import TopicDescription, describe_with, offsets_with

# kafka-python's own limits do not hold in every state: its consumer was seen to wait for ever for a position.
CALL_SECONDS = 15.0

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class TopicWatch:
    """Describes topics and their offsets. Use as a context manager.

    Raises KafkaUnavailableError, TopicNotFoundError or CompactedTopicError from every call.
    """

    def __init__(self, client_config: ClientConfig, topics: Iterable[str]) -> None:
        self.topics = tuple(topics)
        self._config = client_config
        self._stack = ExitStack()

    def __enter__(self) -> "TopicWatch":
        self._admin = self._ask(lambda: self._stack.enter_context(open_admin(self._config)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            call_within(CALL_SECONDS, lambda: self._stack.__exit__(None, None, None))
        except TimeoutError:
            logger.warning("the Kafka client did not close within %.0f s and was left", CALL_SECONDS)

    def describe(self) -> dict[str, TopicDescription]:
        return self._ask(lambda: describe_with(self._admin, list(self.topics)))

    def ids(self) -> dict[str, str]:
        return {topic: description.topic_id for topic, description in self.describe().items()}

    def offsets(self) -> dict[TopicPartition, tuple[int, int]]:
        """(first offset kept, next offset to be written) of each partition, by the topic's present id."""
        ids = self.ids()
        found = self._ask(lambda: offsets_with(self._admin, list(self.topics)))
        return {TopicPartition(ids[topic], partition): span for (topic, partition), span in found.items()}

    def assert_ids(self, expected: dict[str, str]) -> None:
        """Raises TopicRecreatedError unless every topic still has the id that this run began with.

        Called after a batch was read and before it is committed: records of another topic are never taken in.
        """
        for topic, topic_id in self.ids().items():
            if topic_id != expected[topic]:
                raise TopicRecreatedError(topic, expected_id=expected[topic], found_id=topic_id)

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        try:
            return call_within(CALL_SECONDS, question)
        except TimeoutError as error:
            raise KafkaUnavailableError(
                str(self._config.get("bootstrap_servers", "?")), str(error)
            ) from error
