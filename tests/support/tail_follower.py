"""A follower of Kafka with its tail, in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.tail.follower import Follower
from lakehouse import lake
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import Tail

Gains = list[tuple[str, TopicPartition, list[TailRow], int]]


@contextmanager
def following(
    location: LakeLocation, bootstrap: str, *, max_messages: int = 10_000
) -> Iterator[tuple[Tail, Gains]]:
    """Follow the topics of a lake inside the block, from Kafka's first messages on; yields the tail and its gains."""
    tail, gains = Tail(max_messages=max_messages), Gains()
    follower = Follower(
        lake.open(location.uri),
        tail,
        {"bootstrap_servers": bootstrap},
        max_messages=max_messages,
        n_before=max_messages,
        on_gain=lambda *gain: gains.append(gain),
    )
    follower.start()
    try:
        yield tail, gains
    finally:
        follower.close()
