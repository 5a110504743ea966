"""Results of a batch that crashes between any two commits and is ingested again in other batches: each record once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import PositionConflictError
from lakehouse.messages.records import RECORD_SCHEMA
from streaming.ingest import positioned_writer
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.preflight import find_losses
from streaming.ingest.source import to_ends
from streaming.kafka.topics import TopicDescription
from tests.support.messages import news, sentiment, to_bytes
from tests.support.profiles import sized
from tests.support.record_accounting import Delivered, assert_accounted, read_table

TOPIC = "analyzed-sentiment"
TOPICS = {TOPIC: "id-1"}
BEGINNINGS = {TopicPartition("id-1", 0): 0, TopicPartition("id-1", 1): 0}
START = datetime(2026, 11, 1, tzinfo=UTC)
BROKER_TIME_US = int((START + timedelta(days=1)).timestamp()) * 1_000_000


class CrashError(Exception):
    """Stands for kill -9 between two commits."""


@dataclass(frozen=True)
class Storm:
    """Messages by number (equal numbers are copies, negative ones poison), how they are batched, where it crashes."""

    numbers: list[int]
    batch_sizes: list[int]
    crash_at_commits: list[int]


storms = st.builds(
    Storm,
    numbers=st.lists(st.integers(-2, 12), min_size=1, max_size=40),
    batch_sizes=st.lists(st.integers(1, 15), min_size=1, max_size=10),
    crash_at_commits=st.lists(st.integers(0, 6), max_size=4),
)


@pytest.mark.lake
@settings(max_examples=sized(quick=5, full=15, soak=300))
@given(storm=storms)
def test_crash_between_any_two_commits_and_other_batches_end_in_each_record_once(storm: Storm) -> None:
    with tempfile.TemporaryDirectory() as directory:
        lake = LakeLocation.parse(str(Path(directory) / "lake"))
        delivered = [_to_record(number, at) for at, number in enumerate(storm.numbers)]
        for attempt, crash_at in enumerate([*storm.crash_at_commits, None]):
            sizes = storm.batch_sizes[attempt % len(storm.batch_sizes) :] or [5]
            with crashing(crash_at):
                _ingest_everything(lake, delivered, sizes)
        assert_accounted(lake, delivered)


def test_copies_in_one_batch_leave_the_lower_offset_in_gold(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))

    _ingest_everything(lake, [_to_record(7, at) for at in range(3)], [3])

    assert read_table(lake, "gold_sentiment")["kafka_offset"].to_pylist() == [0]
    duplicates = read_table(lake, "duplicates").sort_by("kafka_offset").to_pylist()
    assert [(row["kafka_offset"], row["stored_offset"]) for row in duplicates] == [(1, 0), (2, 0)]


def test_position_passes_messages_that_became_no_row(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))

    _ingest_everything(lake, [_to_record(-1, 0), _to_record(-1, 1)], [2])

    ingestor = BatchIngestor(Catalog(lake), Catalog(lake).current_build(), TOPICS)
    assert ingestor.position == Position(BEGINNINGS | {TopicPartition("id-1", 0): 2})


def test_partition_that_was_added_begins_at_0_and_what_expired_of_it_is_a_loss(tmp_path: Path) -> None:
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), TOPICS)
    ingestor.register({TopicPartition("id-1", 0): 40, TopicPartition("id-1", 1): 0})
    beginnings = {TopicPartition("id-1", at): offset for at, offset in enumerate((45, 0, 0, 7))}
    ingestor.register(beginnings)

    assert ingestor.position.to_json() == {"id-1": [40, 0, 0, 0]}
    losses = find_losses(
        positions={"bronze": ingestor.position},
        registered=TOPICS,
        described={TOPIC: TopicDescription(TOPIC, "id-1", 4, "delete", "LogAppendTime")},
        beginnings=beginnings,
    )
    assert [(loss.partition, loss.from_offset, loss.to_offset) for loss in losses] == [(0, 40, 45), (3, 0, 7)]


def test_second_ingestor_on_one_lake_cannot_commit_what_the_first_has_committed(tmp_path: Path) -> None:
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    first, second = (BatchIngestor(catalog, catalog.ensure_build(), TOPICS) for _ in range(2))
    first.register(BEGINNINGS)
    records = _to_records([_to_record(1, 0)])

    with pytest.raises(PositionConflictError):
        second.register(BEGINNINGS)
    third = BatchIngestor(catalog, catalog.ensure_build(), TOPICS)
    first.ingest(records, to_ends(records))
    with pytest.raises(PositionConflictError):
        third.ingest(records, to_ends(records))

    assert read_table(catalog.location, "gold_sentiment").num_rows == 1


def test_a_text_is_in_gold_once_also_after_a_start_that_remembers_nothing(tmp_path: Path) -> None:
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    catalog.register_topic(topic="raw-news", topic_id="id-1")
    values = [to_bytes(news(START, key=key)) for key in ("a", "b", "a")]
    delivered = [
        Delivered(("raw-news", 0, offset), b"wire", value, (), BROKER_TIME_US)
        for offset, value in enumerate(values)
    ]
    for record in delivered:
        ingestor = BatchIngestor(catalog, catalog.ensure_build(), {"raw-news": "id-1"})
        ingestor.register({TopicPartition("id-1", 0): 0})
        records = _to_records([record])
        ingestor.ingest(records, to_ends(records))
        ingestor.flush()
        ingestor.close()

    assert sorted(read_table(catalog.location, "gold_news")["guid"].to_pylist()) == ["a", "b"]
    assert read_table(catalog.location, "duplicates")["kafka_offset"].to_pylist() == [2]


def test_new_partition_that_is_read_before_a_lower_new_one_is_known_at_the_next_start(tmp_path: Path) -> None:
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    catalog.register_topic(topic=TOPIC, topic_id="id-1")
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), TOPICS)
    ingestor.register(BEGINNINGS)
    records = _to_records([Delivered((TOPIC, 3, 0), b"btc", b"{", (), BROKER_TIME_US)])

    ingestor.ingest(records, to_ends(records))
    ingestor.flush()

    again = BatchIngestor(catalog, catalog.current_build(), TOPICS)
    assert again.position.to_json() == {"id-1": [0, 0, 0, 1]}


@contextmanager
def crashing(at_commit: int | None) -> Iterator[None]:
    """Lets so many commits happen, then fails the next, as often as it is tried; None never fails."""
    commit = positioned_writer.append
    left = [at_commit]

    def crash_or_commit(*arguments: Any, **named: Any) -> int:
        if left[0] is not None:
            if left[0] <= 0:
                raise CrashError
            left[0] -= 1
        return commit(*arguments, **named)

    positioned_writer.append = crash_or_commit
    try:
        yield
    except CrashError:
        pass
    finally:
        positioned_writer.append = commit


def _ingest_everything(lake: LakeLocation, delivered: list[Delivered], batch_sizes: list[int]) -> None:
    """As a start of the service does: from the tables' common position on, in batches."""
    catalog = Catalog(lake)
    catalog.register_topic(topic=TOPIC, topic_id="id-1")
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), TOPICS)
    ingestor.register(BEGINNINGS)
    left = [
        record for record in delivered if record.record_id[2] >= ingestor.position[TopicPartition("id-1", 0)]
    ]
    number = 0
    while left:
        size = batch_sizes[number % len(batch_sizes)]
        records = _to_records(left[:size])
        ingestor.ingest(records, to_ends(records))
        left = left[size:]
        number += 1
    ingestor.flush()
    ingestor.close()


def _to_record(number: int, offset: int) -> Delivered:
    value = b"{" if number == -1 else None
    if number >= 0:
        value = to_bytes(sentiment(START + timedelta(minutes=number), key=str(number)))
    return Delivered((TOPIC, 0, offset), b"btc", value, (), BROKER_TIME_US)


def _to_records(delivered: list[Delivered]) -> pa.Table:
    rows = [
        {
            "topic": record.record_id[0],
            "topic_id": "id-1",
            "kafka_partition": record.record_id[1],
            "kafka_offset": record.record_id[2],
            "broker_time": datetime.fromtimestamp(record.broker_time_us / 1e6, UTC),
            "key": record.key,
            "value": record.value,
            "headers": [],
        }
        for record in delivered
    ]
    return pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)
