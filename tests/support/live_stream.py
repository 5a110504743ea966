"""A seeded stream of result messages, good and bad, with its two readers: batch ingestion and the tail."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from api.tail.duplicates import TailDeduplicator
from lakehouse import lake
from lakehouse.delta.storage import LakeLocation
from lakehouse.lake import Lake
from lakehouse.messages.contract import CONTRACTS
from lakehouse.tail.store import TAIL_TOPICS, Message, Tail
from lakehouse.time_range import to_us
from streaming.ingest.source import to_ends
from tests.support.empty_lake import create_empty_lake
from tests.support.messages import MAKERS, to_bytes
from tests.support.records import to_record, to_records

TOPICS = {topic: f"id-{topic}" for topic in CONTRACTS}
N_PARTITIONS = 2
SYMBOLS = ("btc", "eth", "sol")
TITLES = (
    "Kraken wins licence to operate in Ireland",
    "Crypto exchange Kraken wins license to operate in Ireland",
    "Gemini wins licence to operate in Ireland",
    "Bitcoin slips below $61,000 as dollar firms",
    "Bitcoin slips below $61K as the dollar firms",
    "Bitcoin slips below $59K as dollar firms",
    None,
)
TABLE_OF_TOPIC = {contract.topic: table for table, contract in TAIL_TOPICS.items()}


@dataclass(frozen=True)
class Sent:
    """One message with its topic and partition."""

    topic: str
    partition: int
    message: Message


def make_stream(seed: int, n_messages: int, *, start: datetime) -> list[Sent]:
    """Return messages of three topics: late ones, copies, poison, offsets without a message, ties, two venues."""
    draw, told = random.Random(seed), random.Random(f"titles of {seed}")
    ends: dict[tuple[str, int], int] = {}
    stream: list[Sent] = []
    for number in range(n_messages):
        topic = draw.choice(sorted(TABLE_OF_TOPIC))
        symbol_at = draw.randrange(len(SYMBOLS))
        late = timedelta(hours=draw.choice([0, 0, 0, 0, 5, 30]))
        instant = start + timedelta(seconds=draw.choice([number, number // 7 * 7])) - late
        changed = (
            {"venue": draw.choice(["kraken", "simx"]), "price": draw.uniform(1, 100)}
            if topic == "raw-price"
            else {}
        )
        if topic == "analyzed-sentiment":
            changed = {"score": draw.uniform(-1, 1), "label": draw.choice(["positive", "neutral"])}
            changed |= {"title": told.choice(TITLES), "source": told.choice(["wire", "ledger", "post"])}
        value = to_bytes(
            MAKERS[topic](instant, symbol=SYMBOLS[symbol_at], key=str(draw.randrange(50)), **changed)
        )
        key, partition = SYMBOLS[symbol_at].encode(), symbol_at % N_PARTITIONS
        fate = draw.random()
        if fate < 0.1:
            value = draw.choice([b"{", b"", value.replace(b'"v": 1', b'"v": 2'), value[:-1]])
        elif fate < 0.25 and stream:
            again = draw.choice(stream)
            topic, partition = again.topic, again.partition
            key, value = again.message.key or b"", again.message.value or b""
        offset = ends.get((topic, partition), 0) + (draw.random() < 0.05)
        ends[topic, partition] = offset + 1
        broker_time_us = to_us(start) + number * 1_000_000 // 1000 * 1000
        stream.append(Sent(topic, partition, Message(offset, key, value, broker_time_us)))
    return stream


class Pipeline:
    """A lake that batch ingestion fills and a tail beside it; each reads the stream in batches of its own."""

    def __init__(self, folder: Path, *, max_messages: int = 10_000) -> None:
        self.location = LakeLocation.parse(str(folder))
        self.ingestor = create_empty_lake(self.location, TOPICS, n_partitions=N_PARTITIONS)
        self.tail = Tail(max_messages=max_messages, clock=lambda: 0.0)
        self.deduplicator = TailDeduplicator(lake.open(str(folder)), self.tail)
        self.begin({})

    def begin(self, starts: dict[tuple[str, int], int]) -> None:
        """Begin the tail at offsets of (table, partition), 0 where none is given."""
        self.deduplicator.forget()
        for table, contract in TAIL_TOPICS.items():
            first = {at: starts.get((table, at), 0) for at in range(N_PARTITIONS)}
            self.tail.begin(table, TOPICS[contract.topic], {at: (o, o == 0) for at, o in first.items()})

    def ingest(self, sent: Sequence[Sent]) -> None:
        if sent:
            records = to_records(
                to_record(
                    each.topic,
                    TOPICS[each.topic],
                    partition=each.partition,
                    offset=each.message.offset,
                    broker_time=each.message.broker_time_us,
                    key=each.message.key,
                    value=each.message.value,
                )
                for each in sent
            )
            self.ingestor.ingest(records, to_ends(records))
        self.ingestor.flush()

    def follow(self, sent: Sequence[Sent]) -> None:
        for each in sent:
            table = TABLE_OF_TOPIC[each.topic]
            end = each.message.offset + 1
            self.tail.ingest(table, each.partition, [each.message], end, self.deduplicator.decide)
        self.tail.confirm()

    def reader(self, *, with_tail: bool, columns_budget_bytes: int = 0) -> Lake:
        opened = lake.open(self.location.uri, columns_budget_bytes=columns_budget_bytes)
        if with_tail:
            opened.tail = self.tail
        return opened
