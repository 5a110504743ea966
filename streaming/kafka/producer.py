"""Messages to Kafka: keyed, acknowledged by all replicas, and sent again until they are."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import KafkaProducer
from kafka.codec import has_lz4, has_zstd
from kafka.errors import KafkaError, MessageSizeTooLargeError

from streaming.errors import KafkaUnavailableError, StreamingError, TopicNotFoundError
from streaming.kafka.messages import Message

logger = logging.getLogger(__name__)

MAX_PENDING = 20_000
_SWEEP_EVERY = 256
_MAX_REQUEST_BYTES = 4 * 1024 * 1024
_METADATA_TIMEOUT_SECONDS = 10.0
_BOOTSTRAP_TIMEOUT_MS = 5_000
_MAX_BACKOFF_SECONDS = 15.0


class Publisher:
    """Sends messages and keeps each until the broker has acknowledged it.

    At least once, in order for each key unless a send had to be repeated. Memory is bounded: with
    ``MAX_PENDING`` messages unacknowledged, ``send`` waits. A message that the broker refuses for its size is
    counted and left.
    """

    def __init__(self, client_config: Mapping[str, Any], *, linger_ms: int = 5) -> None:
        self.n_acknowledged = 0
        self.n_refused = 0
        self._pending: deque[tuple[Message, Any]] = deque()
        self._n_sent = 0
        self._where = ",".join(client_config["bootstrap_servers"])
        try:
            self._producer = KafkaProducer(
                **client_config,
                acks="all",
                linger_ms=linger_ms,
                batch_size=128 * 1024,
                compression_type=compression(),
                max_request_size=_MAX_REQUEST_BYTES,
                max_block_ms=round(_METADATA_TIMEOUT_SECONDS * 1000),
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=_BOOTSTRAP_TIMEOUT_MS,
            )
        except KafkaError as error:
            raise KafkaUnavailableError(self._where, str(error)) from error

    @property
    def n_pending(self) -> int:
        return len(self._pending)

    def check_topics(self, topics: Iterable[str]) -> None:
        """Raises: TopicNotFoundError, KafkaUnavailableError."""
        for topic in topics:
            try:
                if not self._producer.partitions_for(topic):
                    raise TopicNotFoundError(topic)
            except KafkaError as error:
                if self._producer.bootstrap_connected():
                    raise TopicNotFoundError(topic) from error
                raise KafkaUnavailableError(self._where, str(error)) from error

    def send(self, message: Message) -> None:
        self._hand_over(message)
        self._n_sent += 1
        if self._n_sent % _SWEEP_EVERY == 0:
            self._sweep(keep=MAX_PENDING)

    def poll(self) -> None:
        """Brings the counts up to date, without waiting."""
        self._sweep(keep=MAX_PENDING)

    def flush(self) -> None:
        """Returns once every message was acknowledged or refused, however long the broker takes."""
        self._sweep(keep=0)

    def close(self, *, timeout_seconds: float = 5.0) -> None:
        self._producer.close(timeout=timeout_seconds)

    def _hand_over(self, message: Message) -> None:
        for pause_seconds in backoff_seconds():
            try:
                future = self._producer.send(message.topic, value=message.value, key=message.key)
            except MessageSizeTooLargeError:
                self._refuse(message)
                return
            except KafkaError as error:
                logger.warning(
                    "topic=%s waiting for the broker: %s", message.topic, error or type(error).__name__
                )
                time.sleep(pause_seconds)
            else:
                self._pending.append((message, future))
                return

    def _sweep(self, *, keep: int) -> None:
        """Takes leave of what is acknowledged, and waits until at most ``keep`` messages are not."""
        while self._pending:
            message, future = self._pending[0]
            if not future.is_done and len(self._pending) <= keep:
                return
            if not future.is_done:
                self._producer.flush(timeout=1.0) if keep == 0 else time.sleep(0.002)
                continue
            self._pending.popleft()
            if future.succeeded():
                self.n_acknowledged += 1
            elif isinstance(future.exception, MessageSizeTooLargeError):
                self._refuse(message)
            else:
                logger.warning("topic=%s sending again: %s", message.topic, future.exception)
                self._hand_over(message)

    def _refuse(self, message: Message) -> None:
        self.n_refused += 1
        logger.warning(
            "topic=%s the broker takes no value of %d bytes", message.topic, len(message.value or b"")
        )


def open_publisher(
    client_config: Mapping[str, Any], topics: Iterable[str], *, say: Callable[[str], None], linger_ms: int = 5
) -> Publisher:
    """A publisher on a cluster that answers and has the topics; says what is missing and tries again."""
    wanted = tuple(topics)
    for pause_seconds in backoff_seconds():
        publisher = None
        try:
            publisher = Publisher(client_config, linger_ms=linger_ms)
            publisher.check_topics(wanted)
            return publisher
        except StreamingError as error:
            say(f"{error}; trying again in {pause_seconds:.0f} s")
            if publisher is not None:
                publisher.close(timeout_seconds=0.0)
            time.sleep(pause_seconds)
    raise AssertionError("the backoff never ends")


def compression() -> str:
    """The codec at hand. gzip is in Python itself, and fewer bytes make up for its cost."""
    return "lz4" if has_lz4() else "zstd" if has_zstd() else "gzip"


def backoff_seconds() -> Iterable[float]:
    """1, 2, 4, 8, 15, 15, ... for ever."""
    pause_seconds = 1.0
    while True:
        yield pause_seconds
        pause_seconds = min(2 * pause_seconds, _MAX_BACKOFF_SECONDS)
