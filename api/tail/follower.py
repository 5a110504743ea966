"""Follower of Kafka's result topics, in a thread of its own, that keeps this process's tail."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deltalake.exceptions import DeltaError
from kafka import TopicPartition as KafkaPartition
from kafka.errors import KafkaError

from api.tail.duplicates import TailDeduplicator
from api.tail.kafka_consumer import Consumer, close_consumer
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.messages.record_id import RecordId
from lakehouse.messages.replays import replay_of
from lakehouse.messages.timestamps import bounded_time_us
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import BEHIND, KAFKA, STARTING, TAIL_TOPICS, Message, Tail

logger = logging.getLogger(__name__)

POLL_MS = 200
CHECK_SECONDS = 1.0
TIMEOUT_SECONDS = 2.0
RETRY_SECONDS = 0.5
PAUSE_SECONDS = 0.003
"""Pause after messages came: those of so long are ingested together, at half the cost of one by one."""
REST_SECONDS = 5.0
"""Pause after the tail fell behind: whoever works the backlog off needs the cores more."""
MAX_POLL_MESSAGES = 2_000

OnGain = Callable[[str, TopicPartition, list[TailRow], int], None]
"""Called in the follower's thread with what a tail gained: (table, partition, rows, next offset)."""
OnJump = Callable[[str], None]
"""Called with a table whose tail begins anew at another offset."""


class RestartRequiredError(LakehouseError):
    """A tail that no longer fits the topics or the lake."""


class FellBehindError(LakehouseError):
    """A tail that lacks more messages than it may hold: it goes on near Kafka's end."""


_EXPECTED = (KafkaError, LakehouseError, DeltaError, OSError)


@dataclass(frozen=True, slots=True)
class _Followed:
    """One followed partition, as Kafka and as the lake name it."""

    table: str
    kafka: KafkaPartition
    key: TopicPartition


class Follower:
    """Keeps a tail until it is closed. On any failure of Kafka or the lake it withdraws the tail and tries again.

    ``n_before`` messages of each partition before gold's position are read as well where Kafka has them, for
    clients that resume. Reads committed messages only, as ingestion does.
    """

    def __init__(
        self,
        lake: Lake,
        tail: Tail,
        options: Mapping[str, Any],
        *,
        max_messages: int,
        n_before: int = 0,
        on_gain: OnGain | None = None,
        on_jump: OnJump | None = None,
    ) -> None:
        self._lake = lake
        self._tail = tail
        self._options = dict(options)
        self._max_messages = max_messages
        self._n_before = n_before
        self._on_gain = on_gain
        self._on_jump = on_jump
        self._deduplicator = TailDeduplicator(lake, tail)
        self._closed = threading.Event()
        self._topic_ids: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread and withdraw the tail."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        last_problem = ""
        while not self._closed.is_set():
            consumer: Consumer | None = None
            try:
                consumer = self._connect()
                followed = self._begin(consumer)
                last_problem = ""
                self._follow(consumer, followed)
            except Exception as error:  # noqa: BLE001  whatever a client or a message raises, the thread goes on
                self._tail.withdraw(_state_after(error))
                self._deduplicator.forget()
                problem = f"{type(error).__name__}: {error}"
                if problem != last_problem:
                    _log_withdrawal(error, problem)
                last_problem = problem
                if not isinstance(error, _EXPECTED) or isinstance(error, FellBehindError):
                    self._topic_ids = {}
                    self._closed.wait(REST_SECONDS)
            finally:
                close_consumer(consumer)
            self._closed.wait(RETRY_SECONDS)
        self._tail.withdraw(STARTING)

    def _connect(self) -> Consumer:
        return Consumer(
            timeout_seconds=TIMEOUT_SECONDS,
            auto_offset_reset="none",
            group_id=None,
            max_poll_records=MAX_POLL_MESSAGES,
            **self._options,
        )

    def _begin(self, consumer: Consumer) -> list[_Followed]:
        """Assign every partition, each from where the tail stands or has to begin."""
        followed = self._partitions(consumer)
        consumer.assign([each.kafka for each in followed])
        beginnings = consumer.beginning_offsets([each.kafka for each in followed])
        ends = consumer.end_offsets([each.kafka for each in followed])
        held = self._tail.ends()
        ids = {each.table: each.key.topic_id for each in followed}
        goes_on = ids == self._topic_ids and all(
            each.key in held and beginnings[each.kafka] <= held[each.key] <= ends[each.kafka]
            for each in followed
        )
        if goes_on and self._tail.reaches_back_to(self._gold()):
            starts = {each.kafka: held[each.key] for each in followed}
        else:
            starts = self._anew(followed, beginnings, ends)
            self._topic_ids = ids
        for kafka, offset in starts.items():
            consumer.seek(kafka, offset)
        logger.info(
            "tail follows partitions=%d begins=%s",
            len(followed),
            ",".join(f"{kafka.topic}/{kafka.partition}@{offset}" for kafka, offset in starts.items()),
        )
        return followed

    def _anew(
        self,
        followed: list[_Followed],
        beginnings: Mapping[KafkaPartition, int],
        ends: Mapping[KafkaPartition, int],
    ) -> dict[KafkaPartition, int]:
        gold, held, starts = self._gold(), self._tail.ends(), {}
        self._deduplicator.forget()
        for each in followed:
            end = ends[each.kafka]
            first = min(gold[each.table][each.key], end - self._n_before)
            starts[each.kafka] = max(beginnings[each.kafka], first, end - self._max_messages)
        for table in TAIL_TOPICS:
            own = [each for each in followed if each.table == table]
            if self._on_jump is not None and any(starts[each.kafka] > held[each.key] for each in own):
                self._on_jump(table)
            self._tail.begin(
                table,
                own[0].key.topic_id,
                {
                    each.key.partition: (starts[each.kafka], starts[each.kafka] <= beginnings[each.kafka])
                    for each in own
                },
            )
        return starts

    def _partitions(self, consumer: Consumer) -> list[_Followed]:
        """Return every partition of the topics. Raises RestartRequiredError where Kafka's topics are not the lake's."""
        known = self._lake.catalog.current_topics()
        followed = []
        for table, contract in TAIL_TOPICS.items():
            partitions = consumer.partitions_for_topic(contract.topic)
            topic_id = str(consumer._client.cluster.topic_id(contract.topic))
            if not partitions or known.get(contract.topic) != topic_id:
                raise RestartRequiredError(
                    f"topic {contract.topic} is {topic_id}, not {known.get(contract.topic)}"
                )
            for partition in sorted(partitions):
                kafka = KafkaPartition(contract.topic, partition)
                followed.append(_Followed(table, kafka, TopicPartition(topic_id, partition)))
        return followed

    def _gold(self) -> dict[str, Position]:
        snapshot = self._lake.snapshot(*TAIL_TOPICS)
        return {name: table.position for name, table in snapshot.tables.items()}

    def _follow(self, consumer: Consumer, followed: list[_Followed]) -> None:
        by_kafka = {each.kafka: each for each in followed}
        awaited = consumer.end_offsets(list(by_kafka))
        reached_back = self._tail.reaches_back_to(self._gold())
        checked_at, is_confirmed = time.monotonic(), False
        build = self._lake.current_build()
        while not self._closed.is_set():
            polled = consumer.poll(timeout_ms=POLL_MS)
            for kafka, records in polled.items():
                self._ingest(by_kafka[kafka], records)
            if polled:
                self._closed.wait(PAUSE_SECONDS)
            is_due = time.monotonic() - checked_at >= CHECK_SECONDS
            if is_confirmed and not is_due:
                continue
            is_confirmed = self._has_reached(consumer, by_kafka, awaited)
            if is_confirmed:
                self._tail.confirm()
            elif is_due:
                self._tail.withdraw(BEHIND)
            if is_due:
                checked_at = time.monotonic()
                awaited = consumer.end_offsets(list(by_kafka))
                self._assert_near(by_kafka, awaited)
                if self._lake.current_build() != build:
                    self._topic_ids = {}
                    raise RestartRequiredError("another build is served")
                if self._partitions(consumer) != followed:
                    raise RestartRequiredError("the topics have other partitions")
                reaches_back = self._tail.reaches_back_to(self._gold())
                if reaches_back and not reached_back:
                    self._topic_ids = {}
                    raise RestartRequiredError("gold has come to where the tail begins")
                reached_back = reaches_back

    def _assert_near(
        self, by_kafka: Mapping[KafkaPartition, _Followed], ends: Mapping[KafkaPartition, int]
    ) -> None:
        held = self._tail.ends()
        lag = max(ends[kafka] - held[each.key] for kafka, each in by_kafka.items())
        if lag > self._max_messages:
            raise FellBehindError("Kafka is further ahead than the tail may hold")

    def _ingest(self, each: _Followed, records: list[Any]) -> None:
        messages = [_to_message(record) for record in records]
        rows = self._tail.ingest(
            each.table, each.key.partition, messages, messages[-1].offset + 1, self._deduplicator.decide
        )
        if self._on_gain is not None:
            self._on_gain(each.table, each.key, rows, messages[-1].offset + 1)

    def _has_reached(
        self,
        consumer: Consumer,
        by_kafka: Mapping[KafkaPartition, _Followed],
        ends: Mapping[KafkaPartition, int],
    ) -> bool:
        """Return whether everything before ``ends`` is ingested. Transaction markers have offsets too."""
        held = self._tail.ends()
        for kafka, each in by_kafka.items():
            if held[each.key] >= ends[kafka]:
                continue
            reached = consumer.position(kafka, timeout_ms=round(TIMEOUT_SECONDS * 1000))
            if reached is None or reached < ends[kafka]:
                return False
            self._tail.ingest(each.table, each.key.partition, [], reached, self._deduplicator.decide)
        return True


def _log_withdrawal(error: Exception, problem: str) -> None:
    if isinstance(error, _EXPECTED):
        logger.info("tail withdrawn reason=%s", problem)
    else:
        logger.error("tail withdrawn reason=%s", problem, exc_info=error)


def _state_after(error: Exception) -> str:
    if isinstance(error, KafkaError):
        return KAFKA
    return BEHIND if isinstance(error, FellBehindError) else STARTING


def _to_message(record: Any) -> Message:
    time_us = bounded_time_us(record.timestamp * 1000)
    return Message(record.offset, record.key, record.value, time_us, _replay_of(record))


def _replay_of(record: Any) -> RecordId | None:
    """Return the record that a message is a replay of; headers are rare."""
    if not record.headers:
        return None
    return replay_of([{"key": key, "value": value} for key, value in record.headers])
