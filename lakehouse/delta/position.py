"""The position of a table: the next offset to ingest, per topic id and partition.

A position is stored as Delta ``txn`` actions, one per partition, in the very commit that advances it: it is
atomic with the rows, survives checkpoints, compaction and log clean-up, and is read and written by both engines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

APP_ID_PREFIX = "position"


class _TransactionReader(Protocol):
    def transaction_version(self, app_id: str) -> int | None: ...


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """One partition of one topic, the topic named by its id."""

    topic_id: str
    partition: int

    @property
    def app_id(self) -> str:
        """Name of the transaction that holds its offset in a log.

        >>> TopicPartition("Zk3", 0).app_id
        'position:Zk3:0'
        """
        return f"{APP_ID_PREFIX}:{self.topic_id}:{self.partition}"


@dataclass(frozen=True, slots=True)
class Position:
    """An immutable vector of next offsets. A partition that is absent has not been seen yet.

    >>> a = Position.from_json({"Zk3": [5, 7]})
    >>> a.advanced({TopicPartition("Zk3", 0): 9}).to_json()
    {'Zk3': [9, 7]}
    """

    offsets: Mapping[TopicPartition, int] = field(default_factory=dict)

    def __getitem__(self, key: TopicPartition) -> int:
        return self.offsets.get(key, 0)

    def __iter__(self) -> Iterator[TopicPartition]:
        return iter(sorted(self.offsets))

    def __contains__(self, key: TopicPartition) -> bool:
        return key in self.offsets

    def __len__(self) -> int:
        return len(self.offsets)

    def advanced(self, to: Mapping[TopicPartition, int]) -> "Position":
        """Return the position once everything before ``to`` is ingested. It never goes back."""
        merged = dict(self.offsets)
        for key, offset in to.items():
            merged[key] = max(merged.get(key, offset), offset)
        return Position(merged)

    def covers(self, other: "Position") -> bool:
        """Return whether everything before ``other`` is ingested here."""
        return all(self[key] >= offset for key, offset in other.offsets.items())

    def of_topics(self, topic_ids: Iterable[str]) -> "Position":
        """Return the part of it that is of some topics."""
        own = set(topic_ids)
        return Position({key: offset for key, offset in self.offsets.items() if key.topic_id in own})

    def to_json(self) -> dict[str, list[int]]:
        """Return {topic_id: [next offset of partition 0, of partition 1, ...]}; an absent partition is -1."""
        vector: dict[str, list[int]] = {}
        for key in self:
            row = vector.setdefault(key.topic_id, [])
            row.extend([-1] * (key.partition + 1 - len(row)))
            row[key.partition] = self.offsets[key]
        return vector

    @staticmethod
    def from_json(vector: Mapping[str, list[int]]) -> "Position":
        return Position(
            {
                TopicPartition(topic_id, partition): offset
                for topic_id, row in vector.items()
                for partition, offset in enumerate(row)
                if offset >= 0
            }
        )


def common_position(positions: Iterable[Position]) -> Position:
    """Return the greatest position that every given one covers: the lower of each partition's offsets."""
    vectors = list(positions)
    keys = {key for position in vectors for key in position.offsets}
    return Position({key: min(position[key] for position in vectors) for key in keys})


def read_position(table: _TransactionReader, topic_ids: Iterable[str]) -> Position:
    """Read a table's position from its log. Partitions are registered without gaps, so the first absent one ends it."""
    offsets: dict[TopicPartition, int] = {}
    for topic_id in topic_ids:
        partition = 0
        while (offset := table.transaction_version(TopicPartition(topic_id, partition).app_id)) is not None:
            offsets[TopicPartition(topic_id, partition)] = offset
            partition += 1
    return Position(offsets)


def parse_app_id(app_id: str) -> TopicPartition | None:
    """Return the partition whose offset a transaction of a log holds; None where it holds something else.

    >>> parse_app_id("position:Zk3:0"), parse_app_id("horizon")
    (TopicPartition(topic_id='Zk3', partition=0), None)
    """
    prefix, _, name = app_id.partition(":")
    if prefix != APP_ID_PREFIX:
        return None
    topic_id, _, partition = name.rpartition(":")
    return TopicPartition(topic_id, int(partition))
