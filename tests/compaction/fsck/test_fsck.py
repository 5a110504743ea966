"""Every kind of damage that fsck reports, and an intact lake."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from compaction.fsck.lake_check import check_lake
from compaction.live_files import read_live_files
from compaction.rewriting.compact import compact_lake
from compaction.swap import Swap, commit_swap
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table, open_table
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.lake import Lake
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.schema.tables import LOSSES, TABLES
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.source import to_ends
from tests.support.messages import sentiment, to_bytes

TOPIC = "analyzed-sentiment"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = TopicPartition("id-1", 0)
# Offsets 0 to 2 become gold, 3 is poison, 4 is a copy of 2.
VALUES = [
    *(to_bytes(sentiment(START + timedelta(minutes=at), key=str(at))) for at in range(3)),
    b"{",
    to_bytes(sentiment(START + timedelta(minutes=2), key="2")),
]


@pytest.fixture
def lake(tmp_path: Path) -> LakeLocation:
    """Five records, each taken in and committed on its own: a file each in bronze, gold, quarantine, duplicates."""
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    catalog.register_topic(topic=TOPIC, topic_id="id-1")
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: "id-1"})
    ingestor.register({KEY: 0})
    for offset, value in enumerate(VALUES):
        row = {
            "topic": TOPIC,
            "topic_id": "id-1",
            "kafka_partition": 0,
            "kafka_offset": offset,
            "broker_time": START + timedelta(hours=1),
            "key": b"btc",
            "value": value,
        }
        records = pa.Table.from_pylist([row], schema=RECORD_SCHEMA)
        ingestor.ingest(records, to_ends(records))
        ingestor.flush()
    ingestor.close()
    return catalog.location


def _folder(lake: LakeLocation, name: str) -> LakeLocation:
    catalog = Catalog(lake)
    return catalog.table_location(name, catalog.current_build())


def _paths(lake: LakeLocation, name: str) -> list[Path]:
    return sorted(_folder(lake, name).to_path().rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def _rows(lake: LakeLocation, name: str) -> pa.Table:
    return pa.table(open_table(_folder(lake, name), TABLES[name]).to_pyarrow_table())


def _add(lake: LakeLocation, name: str, rows: list[Mapping[str, Any]]) -> None:
    """Rows that nobody ingested, at a position that stays where it was."""
    table = ensure_table(_folder(lake, name), TABLES[name])
    append(
        table,
        TABLES[name],
        pa.Table.from_pylist(rows, schema=TABLES[name].to_arrow_schema()),
        expected={},
        advanced={},
    )


def _forget(lake: LakeLocation, name: str, offset: int) -> None:
    """Remove the file of one record from a table."""
    spec, table = TABLES[name], open_table(_folder(lake, name), TABLES[name])
    actions = pa.table(table.get_add_actions(flatten=True))
    (path,) = actions.filter(pc.equal(actions["min.kafka_offset"], offset))["path"].to_pylist()
    removed = [file for file in read_live_files(table, spec) if file.path == path]
    commit_swap(table, spec, Swap(removed=removed, changes_rows=True), info={})


def _found(lake: LakeLocation, **how: bool) -> list[tuple[str, str, int]]:
    return [(finding.check, finding.table, finding.n) for finding in check_lake(lake, **how)]


def test_lake_as_ingestion_and_compaction_leave_it_is_clean(lake: LakeLocation) -> None:
    assert _found(lake, is_deep=True) == []
    compact_lake(lake, wait_for_late_rows=False)
    assert _found(lake, is_deep=True) == []


def test_text_without_a_story_and_story_without_a_text_are_found(lake: LakeLocation) -> None:
    refresh_stories(Lake(lake))
    assert _found(lake, is_deep=True) == []
    compact_lake(lake, names=frozenset({"gold_sentiment"}), wait_for_late_rows=False)
    story = _rows(lake, "gold_story").to_pylist()[0]
    _add(lake, "gold_story", [{**story, "message_id": "btc:0:none", "kafka_offset": 3}])
    assert _found(lake) == [("story without text", "gold_story", 1)]
    text = _rows(lake, "gold_sentiment").to_pylist()[0]
    _add(lake, "gold_sentiment", [{**text, "message_id": "btc:1:none", "kafka_offset": 3}])
    assert ("text without story", "gold_story", 1) in _found(lake)


def test_file_that_storage_lacks_is_found_and_so_is_its_record(lake: LakeLocation) -> None:
    _paths(lake, "gold_sentiment")[0].unlink()
    assert _found(lake) == [
        ("missing file", "gold_sentiment", 1),
        ("record unaccounted", "gold_sentiment", 1),
    ]


def test_file_that_was_cut_short_is_unreadable(lake: LakeLocation) -> None:
    path = _paths(lake, "duplicates")[0]
    path.write_bytes(path.read_bytes()[:-10])
    assert ("unreadable file", "duplicates", 1) in _found(lake)


def test_file_whose_footer_is_destroyed_at_the_same_size_is_unreadable(lake: LakeLocation) -> None:
    path = _paths(lake, "duplicates")[0]
    path.write_bytes(path.read_bytes()[:-8] + b"\0" * 8)
    assert ("unreadable file", "duplicates", 1) in _found(lake)


def test_page_that_is_destroyed_is_found_by_a_deep_look(lake: LakeLocation) -> None:
    path = _paths(lake, "quarantine")[0]
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 400 + content[404:])
    assert ("unreadable file", "quarantine", 1) in _found(lake, is_deep=True)


def test_file_with_other_rows_than_the_log_says_is_found(lake: LakeLocation) -> None:
    log = _folder(lake, "quarantine").to_path() / "_delta_log"
    for commit in log.glob("*.json"):
        commit.write_text(commit.read_text().replace('\\"numRecords\\":1', '\\"numRecords\\":7'))
    assert _found(lake) == [("other row count", "quarantine", 1)]


def test_old_file_that_no_commit_names_is_an_orphan_and_harmless(lake: LakeLocation) -> None:
    orphan = _folder(lake, "gold_sentiment").to_path() / "event_date=2026-11-01" / "part-crashed.parquet"
    orphan.write_bytes(b"half a file")
    assert _found(lake) == []
    os.utime(orphan, (time.time() - 86_400,) * 2)
    (finding,) = check_lake(lake)
    assert (finding.check, finding.table, finding.n) == ("orphan", "gold_sentiment", 1)
    assert finding.is_harmless
    assert finding.detail == "first: event_date=2026-11-01/part-crashed.parquet"


def test_row_outside_of_its_partition_is_found(lake: LakeLocation) -> None:
    (row,) = _rows(lake, "quarantine").to_pylist()
    _forget(lake, "quarantine", 3)
    _add(lake, "quarantine", [row | {"broker_date": date(2026, 10, 1)}])
    assert _found(lake) == [("outside partition", "quarantine", 1)]


def test_gold_row_that_is_there_twice_is_found_by_both_of_its_keys(lake: LakeLocation) -> None:
    _add(lake, "gold_sentiment", _rows(lake, "gold_sentiment").to_pylist()[:1])
    assert _found(lake) == [
        ("duplicate key", "gold_sentiment", 1),
        ("duplicate key", "gold_sentiment", 1),
        ("record accounted twice", "gold_sentiment", 1),
    ]


def test_bronze_record_that_is_there_twice_is_found(lake: LakeLocation) -> None:
    _add(lake, "bronze", _rows(lake, "bronze").to_pylist()[:1])
    assert _found(lake) == [("duplicate key", "bronze", 1)]


def test_row_at_or_beyond_the_position_is_found(lake: LakeLocation) -> None:
    (row,) = _rows(lake, "quarantine").to_pylist()
    _add(lake, "quarantine", [row | {"kafka_offset": 5}])
    assert _found(lake) == [("beyond position", "quarantine", 1)]


@pytest.mark.parametrize(("table", "offset"), [("gold_sentiment", 1), ("quarantine", 3), ("duplicates", 4)])
def test_record_that_became_nothing_is_found(lake: LakeLocation, table: str, offset: int) -> None:
    _forget(lake, table, offset)
    (finding,) = check_lake(lake)
    assert (finding.check, finding.n) == ("record unaccounted", 1)
    assert finding.detail == f"first of analyzed-sentiment: id-1/0/{offset}"


def test_record_that_is_both_gold_and_quarantined_is_found(lake: LakeLocation) -> None:
    (row,) = _rows(lake, "quarantine").to_pylist()
    _add(lake, "quarantine", [row | {"kafka_offset": 0}])
    assert _found(lake) == [("record accounted twice", "gold_sentiment", 1)]


def test_gold_row_whose_record_bronze_lacks_is_found(lake: LakeLocation) -> None:
    _forget(lake, "bronze", 1)
    assert _found(lake) == [("row without record", "gold_sentiment", 1)]


def test_nothing_is_claimed_before_the_first_record_that_bronze_still_has(lake: LakeLocation) -> None:
    _forget(lake, "bronze", 0)
    assert _found(lake) == []


@pytest.mark.parametrize(("table", "lost_to"), [("gold_sentiment", "gold_sentiment"), ("bronze", "bronze")])
def test_record_that_an_operator_accepted_as_lost_is_accounted_for(
    lake: LakeLocation, table: str, lost_to: str
) -> None:
    _forget(lake, table, 1)
    loss = {
        "table_name": lost_to,
        "topic": TOPIC,
        "topic_id": "id-1",
        "kafka_partition": 0,
        "from_offset": 1,
        "to_offset": 2,
    }
    ensure_table(lake.child(LOSSES.name), LOSSES)
    _add(lake, LOSSES.name, [loss])
    assert _found(lake) == []
