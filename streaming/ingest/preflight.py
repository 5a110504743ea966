"""Check before each start that Kafka still has what the tables have not ingested.

A gap between a table's position and what Kafka holds is never skipped: it is named exactly, and ingestion stops until
an operator accepts it (`streaming.ingest.loss`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lakehouse.delta.position import Position, TopicPartition
from streaming.kafka.topics import TopicDescription

LossCause = Literal["expired", "recreated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Range of offsets that one table has not ingested and never can."""

    table: str
    topic: str
    topic_id: str
    partition: int
    from_offset: int
    to_offset: int | None
    cause: LossCause

    def in_words(self) -> str:
        end = "an unknown end" if self.to_offset is None else f"{self.to_offset - 1}"
        why = (
            "Kafka expired them before they were read"
            if self.cause == "expired"
            else "the topic was deleted and created again, or another cluster answers at this address"
        )
        return (
            f"table={self.table} topic={self.topic} topic_id={self.topic_id} partition={self.partition} "
            f"offsets {self.from_offset} to {end}: {why}"
        )


def find_losses(
    *,
    positions: Mapping[str, Position],
    registered: Mapping[str, str],
    described: Mapping[str, TopicDescription],
    beginnings: Mapping[TopicPartition, int],
) -> list[Loss]:
    """Return every range that some table lacks and Kafka no longer has. Pure; empty where nothing is lost.

    ``positions`` by table, ``registered`` the id under which the lake knows each topic, ``described`` and
    ``beginnings`` what Kafka says now.
    """
    losses = []
    topic_of = {topic_id: topic for topic, topic_id in registered.items()}
    for table, position in positions.items():
        for key in position:
            topic = topic_of.get(key.topic_id)
            if topic is None or topic not in described:
                continue
            recreated = described[topic].topic_id != key.topic_id
            end = None if recreated else beginnings.get(key, 0)
            if end is None or end > position[key]:
                losses.append(
                    Loss(
                        table=table,
                        topic=topic,
                        topic_id=key.topic_id,
                        partition=key.partition,
                        from_offset=position[key],
                        to_offset=end,
                        cause="recreated" if recreated else "expired",
                    )
                )
    return losses
