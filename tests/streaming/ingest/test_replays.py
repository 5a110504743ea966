"""A message and its replays are one gold row in the end, in any order of crashes, repetitions and rebuilds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages import validation
from lakehouse.messages.records import RECORD_SCHEMA
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.rebuild import rebuild
from streaming.ingest.source import to_ends
from tests.support.messages import price, to_bytes
from tests.support.record_accounting import read_table

TOPIC, TOPIC_ID = "raw-price", "id-1"
KEY = TopicPartition(TOPIC_ID, 0)
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Topic:
    """Records of one partition, ingested one by one as they are published."""

    def __init__(self, folder: Path) -> None:
        self.lake = LakeLocation.parse(str(folder))
        self.catalog = Catalog(self.lake)
        self.catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
        self.catalog.ensure_build()
        self.n_published = 0

    def publish(self, *values: bytes, replay_of: int | str | None = None) -> None:
        """One batch, by an ingestion that was started for it."""
        ingestor = BatchIngestor(self.catalog, self.catalog.current_build(), {TOPIC: TOPIC_ID})
        ingestor.register({KEY: 0})
        rows = [self._record(value, replay_of) for value in values]
        records = pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)
        ingestor.ingest(records, to_ends(records))
        ingestor.flush()
        ingestor.close()

    def offsets(self, table: str) -> list[int]:
        return sorted(read_table(self.lake, table)["kafka_offset"].to_pylist())

    def _record(self, value: bytes, replay_of: int | str | None) -> dict[str, Any]:
        origin = f"{TOPIC_ID}/0/{replay_of}" if isinstance(replay_of, int) else replay_of
        self.n_published += 1
        return {
            "topic": TOPIC,
            "topic_id": TOPIC_ID,
            "kafka_partition": 0,
            "kafka_offset": self.n_published - 1,
            "broker_time": START + timedelta(hours=1),
            "key": b"btc",
            "value": value,
            "headers": None
            if origin is None
            else [{"key": "trace", "value": b"1"}, {"key": "cryptoviz-replay-of", "value": origin.encode()}],
        }


@pytest.fixture
def topic(tmp_path: Path) -> Topic:
    return Topic(tmp_path)


def _price(key: str = "1", **changed: Any) -> bytes:
    return to_bytes(price(START, key=key, **changed))


def test_replay_becomes_the_gold_row_and_names_its_origin(topic: Topic) -> None:
    topic.publish(b"{")
    topic.publish(_price(), replay_of=0)
    (row,) = read_table(topic.lake, "gold_price").to_pylist()
    assert (row["kafka_offset"], row["replay_of"]) == (1, "id-1/0/0")
    assert topic.offsets("quarantine") == [0]


def test_repeated_replay_is_a_duplicate_whatever_it_says(topic: Topic) -> None:
    topic.publish(b"{")
    topic.publish(_price("1"), replay_of=0)
    topic.publish(_price("2"), replay_of=0)
    topic.publish(_price("3"), _price("4"), replay_of=0)
    assert topic.offsets("gold_price") == [1]
    duplicates = read_table(topic.lake, "duplicates").to_pylist()
    assert {(row["kafka_offset"], row["stored_offset"]) for row in duplicates} == {(2, 1), (3, 1), (4, 1)}


def test_two_replays_in_one_batch_are_one_row(topic: Topic) -> None:
    topic.publish(b"{")
    topic.publish(_price("1"), _price("2"), replay_of=0)
    assert (topic.offsets("gold_price"), topic.offsets("duplicates")) == ([1], [2])


def test_replay_of_a_message_that_is_in_gold_is_a_duplicate_of_it(topic: Topic) -> None:
    topic.publish(_price("1"))
    topic.publish(_price("2"), replay_of=0)
    topic.publish(_price("3"), _price("1"), replay_of=0)
    assert (topic.offsets("gold_price"), topic.offsets("duplicates")) == ([0], [1, 2, 3])


@pytest.mark.parametrize(
    "header", ["", "id-1/0", "id-1/0/-1", "id-1/x/0", "id-1/0/99999999999999999999", "é/é/é"]
)
def test_header_that_names_no_place_is_only_a_header(topic: Topic, header: str) -> None:
    topic.publish(_price(), replay_of=header)
    assert read_table(topic.lake, "gold_price")["replay_of"].to_pylist() == [None]


def test_rebuild_after_the_contract_took_the_origin_leaves_one_row(
    topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as strict:
        strict.setattr(validation, "_MAX_FUTURE_US", -2 * 3_600_000_000)
        topic.publish(_price("1"), _price("2"))
        assert topic.offsets("quarantine") == [0, 1]
    topic.publish(_price("1"), replay_of=0)
    topic.publish(_price("1"), replay_of=0)
    topic.publish(_price("changed"), replay_of=1)
    assert topic.offsets("gold_price") == [2, 4]

    rebuild(
        lake=topic.lake,
        reason="contract",
        progress=lambda line: None,
        runtime_dir=topic.lake.to_path().parent,
    )

    assert topic.offsets("gold_price") == [0, 1]
    assert topic.offsets("duplicates") == [2, 3, 4]
    assert topic.offsets("quarantine") == []
