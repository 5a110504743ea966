"""Tail of one process: messages of the result topics beyond gold, validated and deduplicated, in bounded memory.

A history answer is one immutable pair of a snapshot and what the tail holds beyond it. A row is in the tail where
validation accepts it and no record before it has its message id, in gold or in the tail: the rule of ingestion.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.messages.contract import CONTRACTS, MessageContract
from lakehouse.messages.record_id import RecordId
from lakehouse.messages.validation import Rejected, validator_of
from lakehouse.schema.tables import ASSET_TABLES
from lakehouse.tail.rows import TableTail, TailRow
from lakehouse.tail.topic import TopicTail

TAIL_TOPICS: Mapping[str, MessageContract] = {
    contract.table.name: contract for contract in CONTRACTS.values() if contract.table in ASSET_TABLES
}
"""Contracts of the followed topics, by gold table."""

MAX_BYTES = 8 * 1024 * 1024
"""Of the values of one partition's messages; one message may have 256 kB."""
STALE_SECONDS = 3.0
"""Kafka's silence after which the tail may lack messages."""

INCLUDED = "included"
OFF = "off"
STARTING = "starting"
BEHIND = "behind"
OVERFLOW = "overflow"
KAFKA = "kafka"
PAST = "past"
TAIL_STATES: Mapping[str, str] = {
    INCLUDED: "messages that gold does not hold yet are in the answer",
    OFF: "the API does not follow Kafka",
    STARTING: "the API has just begun to follow Kafka",
    BEHIND: "the API has not caught up with Kafka, or Kafka's topics are not those of the lake",
    OVERFLOW: "gold is further behind than the tail reaches back",
    KAFKA: "Kafka does not answer",
    PAST: "the answer is about the past",
}

Decide = Callable[[MessageContract, Sequence[TailRow]], list[bool]]
"""Decides which rows are stored in gold. Called without the tail's lock, for it may read files."""


@dataclass(frozen=True, slots=True)
class Message:
    """One Kafka message of a partition that is known."""

    offset: int
    key: bytes | None
    value: bytes | None
    broker_time_us: int
    replay_of: RecordId | None = None
    """Of a replay, the original record."""


@dataclass(frozen=True, slots=True)
class PinnedTail:
    """One moment of the tail, for one symbol. ``tables`` is empty unless ``state`` is INCLUDED."""

    state: str
    tables: Mapping[str, TableTail]


@dataclass(frozen=True, slots=True)
class TailGain:
    """Rows of all symbols that one moment of the tail has beyond positions, and what it reaches, by table.

    Both are empty unless ``state`` is INCLUDED.
    """

    state: str
    rows: Mapping[str, list[TailRow]]
    reaches: Mapping[str, Position]
    newest_us: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class TailStatus:
    """State of a pinned tail of one table, without its rows: see `TableTail`."""

    state: str
    reach: Position
    lasts: Mapping[int, int]
    newest_us: int | None


class Tail:
    """Tail of one process. Thread-safe: one thread ingests messages, any number read.

    Bounded: ``max_messages`` accepted ones of a partition, and MAX_BYTES. The oldest go first, whether or not gold
    has them; where it has not, the tail is withdrawn until gold has come so far.
    """

    def __init__(self, *, max_messages: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_messages = max_messages
        self._clock = clock
        self._lock = threading.Lock()
        self._topics: dict[str, TopicTail] = {}
        self._state = STARTING
        self._has_begun = False
        self._heard_at = clock()

    def begin(self, table: str, topic_id: str, starts: Mapping[int, tuple[int, bool]]) -> None:
        """Follow a table's topic from ``starts``: {partition: (first offset, whether Kafka has none before)}.

        Drops what was held of it.
        """
        with self._lock:
            self._topics[table] = TopicTail(TAIL_TOPICS[table], topic_id, starts)

    def withdraw(self, state: str) -> None:
        """Leave answers to gold alone from here on, with the reason."""
        with self._lock:
            self._state = state

    def confirm(self) -> None:
        """Record that Kafka answers, and that everything that it had a moment ago is here."""
        with self._lock:
            self._state, self._heard_at, self._has_begun = INCLUDED, self._clock(), True

    def ingest(
        self, table: str, partition: int, messages: Sequence[Message], end: int, decide: Decide
    ) -> list[TailRow]:
        """Validate the next messages of a partition, up to before ``end``; return those that become rows.

        A message that was ingested already is left out. Called by one thread only.
        """
        topic = self._topics[table]
        held = topic.partitions[partition]
        candidates, sizes = _validate(
            topic, partition, [message for message in messages if message.offset >= held.high]
        )
        stored = decide(topic.contract, candidates) if candidates else []
        accepted = []
        with self._lock:
            for row, n_bytes, is_gold in zip(candidates, sizes, stored, strict=True):
                if is_gold:
                    topic.append(partition, row, n_bytes)
                    accepted.append(row)
            held.high = max(held.high, end)
            while len(held.rows) > self._max_messages or held.n_bytes > MAX_BYTES:
                topic.drop_first(partition)
        return accepted

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return {table: (messages, bytes of their values)} that are held."""
        with self._lock:
            return {
                table: (
                    sum(len(held.rows) for held in topic.partitions.values()),
                    sum(held.n_bytes for held in topic.partitions.values()),
                )
                for table, topic in self._topics.items()
            }

    def ends(self) -> Position:
        """Return the position that the tail has reached, in every topic."""
        with self._lock:
            return Position(
                {key: end for topic in self._topics.values() for key, end in topic.ends().items()}
            )

    def reaches_back_to(self, gold: Mapping[str, Position]) -> bool:
        """Return whether the tail begins at or before gold's positions, {table: position}."""
        with self._lock:
            return all(self._misfit(table, position) is None for table, position in gold.items())

    def pinned(self, symbol: str, gold: Mapping[str, Position]) -> PinnedTail:
        """Pin what is held of a symbol beyond gold's positions, {table: position}: of all tables or of none."""
        return self.pinned_of([symbol], gold)[symbol]

    def pinned_of(self, symbols: Sequence[str], gold: Mapping[str, Position]) -> dict[str, PinnedTail]:
        """Pin the same of several symbols, all at one moment."""
        with self._lock:
            if (state := self._withdrawn(gold)) is not None:
                return dict.fromkeys(symbols, PinnedTail(state, {}))
            topics = {table: self._topics[table] for table in gold}
            rows = {
                (symbol, table): topics[table].rows_from(symbol, position)
                for symbol in symbols
                for table, position in gold.items()
            }
            reaches = {table: position.advanced(topics[table].ends()) for table, position in gold.items()}
            newest = {table: topic.newest_us for table, topic in topics.items()}
        return {
            symbol: PinnedTail(
                INCLUDED,
                {
                    table: TableTail.of(
                        topic.contract,
                        symbol=symbol,
                        reach=reaches[table],
                        rows=rows[symbol, table],
                        newest_us=newest[table],
                    )
                    for table, topic in topics.items()
                },
            )
            for symbol in symbols
        }

    def gain(self, gold: Mapping[str, Position], since: Mapping[str, Position]) -> TailGain:
        """Pin what is held beyond gold's positions, {table: position}: of it the rows at or beyond ``since``."""
        with self._lock:
            if (state := self._withdrawn(gold)) is not None:
                return TailGain(state, {}, {}, {})
            return TailGain(
                INCLUDED,
                {table: self._topics[table].rows_since(since[table]) for table in gold},
                {table: position.advanced(self._topics[table].ends()) for table, position in gold.items()},
                {table: self._topics[table].newest_us for table in gold},
            )

    def status(self, table: str, symbol: str, position: Position) -> TailStatus:
        """Return the state of what `pinned` holds of one table, at a fraction of its cost."""
        with self._lock:
            if (state := self._withdrawn({table: position})) is not None:
                return TailStatus(state, position, {}, None)
            topic = self._topics[table]
            lasts = {
                at: rows[-1].offset
                for at, rows in topic.by_symbol.get(symbol, {}).items()
                if rows[-1].offset >= position[rows[-1].source]
            }
            return TailStatus(INCLUDED, position.advanced(topic.ends()), lasts, topic.newest_us)

    @property
    def state(self) -> str:
        """State: INCLUDED, or why answers are gold's alone."""
        with self._lock:
            return self._withdrawn({}) or INCLUDED

    @property
    def has_begun(self) -> bool:
        """True once it has caught up with Kafka."""
        return self._has_begun

    def ends_of(self, table: str) -> Position:
        """Return the position that the tail has reached in a table's topic; empty before it has begun."""
        with self._lock:
            topic = self._topics.get(table)
            return Position(topic.ends()) if topic is not None else Position()

    def since(self, table: str, symbol: str, position: Position) -> list[TailRow] | None:
        """Return the rows of a symbol from a position on, in offset order.

        None where the tail does not reach back so far. A partition that the position lacks begins at offset 0.
        """
        with self._lock:
            topic = self._topics.get(table)
            if topic is None:
                return None
            for at, held in topic.partitions.items():
                if position[TopicPartition(topic.topic_id, at)] < held.low and not held.whole:
                    return None
            return topic.rows_from(symbol, position)

    def newest(self, table: str, symbol: str) -> TailRow | None:
        """Return the row of a symbol that came last, if any is held."""
        with self._lock:
            topic = self._topics.get(table)
            newest = (
                [rows[-1] for rows in topic.by_symbol.get(symbol, {}).values()] if topic is not None else []
            )
            return max(newest, key=lambda row: row.broker_time_us, default=None)

    def rows_of(self, table: str, symbol: str) -> list[TailRow]:
        """Return every row of a symbol that is held."""
        with self._lock:
            topic = self._topics.get(table)
            return topic.rows_from(symbol, Position()) if topic is not None else []

    def _withdrawn(self, gold: Mapping[str, Position]) -> str | None:
        """Return why answers that have gold up to positions are gold's alone; None where they are not."""
        if self._state != INCLUDED:
            return self._state
        if self._clock() - self._heard_at > STALE_SECONDS:
            return KAFKA
        misfits = (self._misfit(table, position) for table, position in gold.items())
        return next((state for state in misfits if state is not None), None)

    def _misfit(self, table: str, position: Position) -> str | None:
        """Return why the tail does not go on where gold ends; None where it does."""
        topic = self._topics.get(table)
        if topic is None:
            return STARTING
        if any(key.partition not in topic.partitions for key in position.of_topics([topic.topic_id])):
            return BEHIND
        for at, held in topic.partitions.items():
            key = TopicPartition(topic.topic_id, at)
            if held.whole:
                continue
            if key not in position or position[key] < held.low:
                return OVERFLOW
        return None


def _validate(
    topic: TopicTail, partition: int, messages: Sequence[Message]
) -> tuple[list[TailRow], list[int]]:
    """Return the rows of valid messages, and the bytes of each one's value."""
    validate, source = validator_of(topic.contract.topic), TopicPartition(topic.topic_id, partition)
    rows, sizes = [], []
    for message in messages:
        values = validate(message.key, message.value, message.broker_time_us)
        if not isinstance(values, Rejected):
            offset, time_us = message.offset, message.broker_time_us
            rows.append(TailRow.of(topic.contract, source, offset, time_us, values, message.replay_of))
            sizes.append(len(message.value or b""))
    return rows, sizes
