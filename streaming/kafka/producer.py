"""Producer of messages: keyed, acknowledged by all replicas, and sent again until they are."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from kafka import KafkaProducer
from kafka.codec import has_lz4, has_zstd
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from lakehouse.process.stopping import NEVER, StopRequestedError, call_until_stopped
from streaming.errors import KafkaUnavailableError, StreamingError, TopicNotFoundError
from streaming.kafka.messages import Message
from streaming.kafka.retries import retry_until_stopped

logger = logging.getLogger(__name__)

MAX_PENDING = 20_000
_SWEEP_EVERY = 256
_MAX_REQUEST_BYTES = 4 * 1024 * 1024
_METADATA_TIMEOUT_SECONDS = 10.0
_BOOTSTRAP_TIMEOUT_MS = 5_000
_FLUSH_SECONDS = 1.0
_POLL_SECONDS = 0.002


class Publisher:
    """Sender of messages that keeps each until the broker has acknowledged it.

    At least once, in order for each key unless a send had to be repeated. Memory is bounded: with
    ``MAX_PENDING`` messages unacknowledged, ``send`` waits. A message that the broker refuses for its size is
    counted and left. A wait raises StopRequestedError once the program is asked to stop.
    """

    def __init__(
        self, client_config: Mapping[str, Any], *, linger_ms: int = 5, stopping: threading.Event = NEVER
    ) -> None:
        self._stopping = stopping
        self.n_acknowledged = 0
        self.n_refused = 0
        self._pending: deque[tuple[Message, Any]] = deque()
        self._n_sent = 0
        self._servers = ",".join(client_config["bootstrap_servers"])
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
            raise KafkaUnavailableError(self._servers, str(error)) from error

    @property
    def n_pending(self) -> int:
        return len(self._pending)

    def check_topics(self, topics: Iterable[str]) -> None:
        """Check that the cluster has the topics. Raises: TopicNotFoundError, KafkaUnavailableError."""
        for topic in topics:
            try:
                if not self._producer.partitions_for(topic):
                    raise TopicNotFoundError(topic)
            except KafkaError as error:
                if self._producer.bootstrap_connected():
                    raise TopicNotFoundError(topic) from error
                raise KafkaUnavailableError(self._servers, str(error)) from error

    def send(self, message: Message) -> None:
        self._hand_over(message)
        self._n_sent += 1
        if self._n_sent % _SWEEP_EVERY == 0:
            self._sweep(keep=MAX_PENDING)

    def poll(self) -> None:
        """Bring the counts up to date, without waiting."""
        self._sweep(keep=MAX_PENDING)

    def flush(self) -> None:
        """Return once every message was acknowledged or refused, however long the broker takes."""
        self._sweep(keep=0)

    def close(self, *, timeout_seconds: float = 5.0) -> None:
        """Close the connections. What is not acknowledged until then is left, with a warning."""
        try:
            self._producer.close(timeout=timeout_seconds)
        except KafkaTimeoutError:
            logger.warning("%d messages were not acknowledged within %g s", self.n_pending, timeout_seconds)

    def _hand_over(self, message: Message) -> None:
        send = partial(self._producer.send, message.topic, value=message.value, key=message.key)
        try:
            future = send()
        except MessageSizeTooLargeError:
            self._refuse(message)
            return
        except KafkaError as error:
            self._report_wait(message, str(error) or type(error).__name__)
            retry = retry_until_stopped(
                KafkaError, report=partial(self._report_wait, message), stopping=self._stopping
            )
            future = retry(send)
        self._pending.append((message, future))

    def _report_wait(self, message: Message, problem: str) -> None:
        logger.warning("topic=%s waiting for the broker: %s", message.topic, problem)

    def _sweep(self, *, keep: int) -> None:
        """Forget what is acknowledged, and wait until at most `keep` messages are not."""
        while self._pending:
            message, future = self._pending[0]
            if not future.is_done and len(self._pending) <= keep:
                return
            if not future.is_done:
                if self._stopping.is_set():
                    raise StopRequestedError
                if keep == 0:
                    with suppress(
                        KafkaTimeoutError
                    ):  # a slow broker is waited for, and a request to stop seen
                        self._producer.flush(timeout=_FLUSH_SECONDS)
                else:
                    time.sleep(_POLL_SECONDS)
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
            "topic=%s the broker accepts no value of %d bytes", message.topic, len(message.value or b"")
        )


def open_publisher(
    client_config: Mapping[str, Any],
    topics: Iterable[str],
    *,
    report: Callable[[str], None],
    stopping: threading.Event = NEVER,
    linger_ms: int = 5,
) -> Publisher:
    """Return a publisher on a cluster that answers and has the topics; reports what is missing and tries again.

    Raises: StopRequestedError.
    """
    names = tuple(topics)

    def open_once() -> Publisher:
        publisher = Publisher(client_config, linger_ms=linger_ms, stopping=stopping)
        try:
            publisher.check_topics(names)
        except StreamingError:
            publisher.close(timeout_seconds=0.0)
            raise
        return publisher

    return retry_until_stopped(StreamingError, report=report, stopping=stopping)(
        lambda: call_until_stopped(open_once, stopping)
    )


def compression() -> str:
    """Return the best codec that is installed. gzip is in Python itself; fewer bytes make up for its cost."""
    return "lz4" if has_lz4() else "zstd" if has_zstd() else "gzip"
