"""The rule of deduplication, as ingestion and the tail call it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.dedup.deduplicator import Candidate, Deduplicator
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.record_id import RecordId, format_record_id
from lakehouse.time_range import MINUTE_US, to_us
from tests.support.lake_builder import NOON, LakeBuilder, build_lake
from tests.support.profiles import sized

TABLE = "gold_sentiment"
CONTRACT = next(contract for contract in CONTRACTS.values() if contract.table.name == TABLE)
NOON_US = to_us(NOON)


def record(offset: int, partition: int = 0) -> RecordId:
    return ("id-1", partition, offset)


def candidate(
    offset: int, message_id: str, *, minute: int = 0, replay_of: RecordId | None = None, partition: int = 0
) -> Candidate:
    return Candidate(record(offset, partition), "btc", NOON_US + minute * MINUTE_US, message_id, replay_of)


def deduplicator(
    builder: LakeBuilder, *, max_ids: int = 1_000, held: Iterable[Candidate] = ()
) -> Deduplicator:
    rows = list(held)
    return Deduplicator(
        builder.open(TABLE),
        builder.catalog.table_location(TABLE, builder.build),
        CONTRACT,
        follows=True,
        max_ids=max_ids,
        held_rows=lambda keys: [row for row in rows if row.key in keys],
    )


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    return build_lake(tmp_path)


def test_first_record_of_a_message_id_is_stored(builder: LakeBuilder) -> None:
    rows = [candidate(4, "a"), candidate(4, "a", partition=1), candidate(5, "b"), candidate(6, "a")]
    stored = deduplicator(builder).find_stored(rows, known_duplicates={})
    assert stored == [record(4), record(4), record(5), record(4)]


def test_message_id_that_gold_holds_is_a_duplicate(builder: LakeBuilder) -> None:
    builder.append(TABLE, [{"message_id": "a"}])
    (row,) = builder.open(TABLE).to_pyarrow_table().to_pylist()
    (stored,) = deduplicator(builder).find_stored([candidate(9, "a")], known_duplicates={})
    assert stored == (row["topic_id"], row["kafka_partition"], row["kafka_offset"])


def test_message_id_of_another_interval_is_another_message(builder: LakeBuilder) -> None:
    rows = [candidate(4, "a"), candidate(5, "a", minute=30)]
    assert deduplicator(builder).find_stored(rows, known_duplicates={}) == [record(4), record(5)]


def test_one_of_two_replays_is_stored_whatever_they_say(builder: LakeBuilder) -> None:
    rows = [candidate(4, "a", replay_of=record(1)), candidate(5, "b", replay_of=record(1))]
    assert deduplicator(builder).find_stored(rows, known_duplicates={}) == [record(4), record(4)]


def test_replay_of_a_stored_record_is_a_duplicate(builder: LakeBuilder) -> None:
    replayed = format_record_id(record(1))
    builder.append(TABLE, [{"message_id": "a", "replay_of": replayed}])
    (row,) = builder.open(TABLE).to_pyarrow_table().to_pylist()
    rows = [candidate(9, "b", replay_of=record(1))]
    (stored,) = deduplicator(builder).find_stored(rows, known_duplicates={})
    assert stored == (row["topic_id"], row["kafka_partition"], row["kafka_offset"])


def test_held_row_that_gold_lacks_is_stored(builder: LakeBuilder) -> None:
    held = [candidate(2, "a"), candidate(3, "z", replay_of=record(1))]
    rows = [candidate(4, "a"), candidate(5, "b", replay_of=record(1))]
    assert deduplicator(builder, held=held).find_stored(rows, known_duplicates={}) == [record(2), record(3)]


def test_known_duplicate_is_not_decided_again(builder: LakeBuilder) -> None:
    rows = [candidate(4, "a"), candidate(5, "a")]
    stored = deduplicator(builder).find_stored(rows, known_duplicates={record(4): record(7, 1)})
    assert stored == [record(7, 1), record(5)]


@dataclass
class Ingestion:
    """Batches of minutes of the same few messages, each committed to gold before the next."""

    builder: LakeBuilder
    first: dict[tuple[int, int], int] = field(default_factory=dict)
    next_offset: int = 0

    def ingest(self, dedup: Deduplicator, batch: list[tuple[int, int]]) -> None:
        rows = [
            candidate(self.next_offset + at, f"m{minute}-{number}", minute=minute * 10)
            for at, (minute, number) in enumerate(batch)
        ]
        expected = [self.first.setdefault(message, self.next_offset + at) for at, message in enumerate(batch)]
        stored = dedup.find_stored(rows, known_duplicates={})
        self.next_offset += len(batch)
        assert [record_id[2] for record_id in stored] == expected
        new = [row for row, record_id in zip(rows, stored, strict=True) if row.record_id == record_id]
        self.builder.topic_ids[TABLE] = "id-1"
        for row in new:
            self.builder.next_offsets[(TABLE, 0)] = row.record_id[2]
            time = NOON + timedelta(microseconds=row.time_us - NOON_US)
            self.builder.append(TABLE, [{"message_id": row.message_id, "event_time": time}])


@settings(
    max_examples=sized(quick=8, full=8, soak=300),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4), max_size=5
    ),
    max_ids=st.sampled_from([1, 3, 1_000]),
)
def test_decisions_do_not_depend_on_batches_or_on_what_is_cached(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int]]], max_ids: int
) -> None:
    ingestion = Ingestion(build_lake(tmp_path_factory.mktemp("lake")))
    dedup = deduplicator(ingestion.builder, max_ids=max_ids)
    for batch in batches:
        ingestion.ingest(dedup, batch)
