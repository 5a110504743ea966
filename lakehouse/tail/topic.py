"""Tail of one topic: its partitions, and their rows by symbol. The tail that owns it holds the lock."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.messages.contract import MessageContract
from lakehouse.tail.rows import TailRow


@dataclass(slots=True, eq=False)
class PartitionTail:
    """Tail of one partition: every message from ``low`` to before ``high`` is validated.

    ``whole`` where Kafka has nothing before ``low``. ``rows`` and ``sizes`` hold accepted messages, in offset order.
    """

    low: int
    high: int
    whole: bool
    rows: deque[TailRow] = field(default_factory=deque)
    sizes: deque[int] = field(default_factory=deque)
    n_bytes: int = 0


class TopicTail:
    """Partitions of one topic, and their rows by symbol and partition, in offset order."""

    def __init__(
        self, contract: MessageContract, topic_id: str, starts: Mapping[int, tuple[int, bool]]
    ) -> None:
        self.contract = contract
        self.topic_id = topic_id
        self.partitions = {at: PartitionTail(low, low, whole) for at, (low, whole) in starts.items()}
        self.by_symbol: dict[str, dict[int, deque[TailRow]]] = {}
        self.newest_us: int | None = None

    def ends(self) -> dict[TopicPartition, int]:
        """Return the end of each partition."""
        return {TopicPartition(self.topic_id, at): held.high for at, held in self.partitions.items()}

    def append(self, at: int, row: TailRow, n_bytes: int) -> None:
        """Add an accepted message of a partition."""
        held = self.partitions[at]
        held.rows.append(row)
        held.sizes.append(n_bytes)
        held.n_bytes += n_bytes
        self.by_symbol.setdefault(row.symbol, {}).setdefault(at, deque()).append(row)
        self.newest_us = row.time_us if self.newest_us is None else max(self.newest_us, row.time_us)

    def drop_first(self, at: int) -> None:
        """Drop the oldest accepted message of a partition."""
        held = self.partitions[at]
        row = held.rows.popleft()
        held.n_bytes -= held.sizes.popleft()
        held.low, held.whole = row.offset + 1, False
        of_symbol = self.by_symbol[row.symbol]
        of_symbol[at].popleft()
        if not of_symbol[at]:
            del of_symbol[at]

    def rows_from(self, symbol: str, position: Position) -> list[TailRow]:
        """Return the rows of a symbol at or beyond a position, in offset order within a partition."""
        own = self.by_symbol.get(symbol, {})
        return [row for at, rows in own.items() for row in self._beyond(at, rows, position)]

    def rows_since(self, position: Position) -> list[TailRow]:
        """Return the rows of all symbols at or beyond a position, in offset order within a partition."""
        return [row for at, held in self.partitions.items() for row in self._beyond(at, held.rows, position)]

    def _beyond(self, at: int, rows: deque[TailRow], position: Position) -> list[TailRow]:
        first = position[TopicPartition(self.topic_id, at)]
        return list(takewhile(lambda row: row.offset >= first, reversed(rows)))[::-1]
