"""What Kafka says of the ingested topics, over one connection that lasts as long as a run."""

from collections.abc import Iterable
from contextlib import ExitStack
from types import TracebackType

from lakehouse.position import TopicPartition
from streaming.errors import TopicRecreatedError
from streaming.kafka_admin import ClientConfig, open_admin
from streaming.topics import TopicDescription, describe_with, offsets_with


class TopicWatch:
    """Describes topics and their offsets. Use as a context manager.

    Raises KafkaUnavailableError, TopicNotFoundError or CompactedTopicError from every call.
    """

    def __init__(self, client_config: ClientConfig, topics: Iterable[str]) -> None:
        self.topics = tuple(topics)
        self._config = client_config
        self._stack = ExitStack()

    def __enter__(self) -> "TopicWatch":
        self._admin = self._stack.enter_context(open_admin(self._config))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def describe(self) -> dict[str, TopicDescription]:
        return describe_with(self._admin, list(self.topics))

    def ids(self) -> dict[str, str]:
        return {topic: description.topic_id for topic, description in self.describe().items()}

    def offsets(self) -> dict[TopicPartition, tuple[int, int]]:
        """(first offset kept, next offset to be written) of each partition, by the topic's present id."""
        ids = self.ids()
        found = offsets_with(self._admin, list(self.topics))
        return {TopicPartition(ids[topic], partition): span for (topic, partition), span in found.items()}

    def assert_ids(self, expected: dict[str, str]) -> None:
        """Raises TopicRecreatedError unless every topic still has the id that this run began with.

        Called after a batch was read and before it is committed: records of another topic are never taken in.
        """
        for topic, topic_id in self.ids().items():
            if topic_id != expected[topic]:
                raise TopicRecreatedError(topic, expected_id=expected[topic], found_id=topic_id)
