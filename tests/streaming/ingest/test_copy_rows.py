"""After bronze has expired, a rebuild and an exclusion keep what bronze no longer holds, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from compaction.fsck.lake_check import check_lake
from compaction.retention.expire import expire_lake
from compaction.rewriting.compact import compact_lake
from lakehouse import lake as lakes
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.errors import LockedError
from lakehouse.history.page import read_history
from lakehouse.lake import Lake
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.process.retention import Retention
from lakehouse.time_range import to_us
from streaming.errors import NotExcludableError
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.exclusion import exclude, find_exclusion
from streaming.ingest.rebuild import rebuild
from streaming.ingest.source import to_ends
from tests.support.history_queries import points, question
from tests.support.messages import price, to_bytes
from tests.support.record_accounting import read_table

TOPIC, TOPIC_ID = "raw-price", "id-1"
KEY = TopicPartition(TOPIC_ID, 0)
FIRST_DAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = Retention.parse("bronze=7,quarantine=100,duplicates=100,gold_price=98")
# Of the ten days three are beyond bronze's retention, none beyond gold's.
NOW_US = to_us(FIRST_DAY + 10 * DAY)
# Offsets of a day: a good price, a copy of it, poison, another good price.
N_PER_DAY = 4


def _records(day: int) -> list[dict[str, Any]]:
    at = FIRST_DAY + day * DAY
    good = to_bytes(price(at, key="a", price=100.0 + day))
    other = to_bytes(price(at + timedelta(minutes=1), key="b", price=200.0 + day))
    return [
        {
            "topic": TOPIC,
            "topic_id": TOPIC_ID,
            "kafka_partition": 0,
            "kafka_offset": day * N_PER_DAY + number,
            "broker_time": at + timedelta(minutes=2),
            "key": b"btc",
            "value": value,
        }
        for number, value in enumerate([good, good, b"{", other])
    ]


@pytest.fixture
def lake(tmp_path: Path) -> LakeLocation:
    """Ten days, a commit each, rolled up."""
    catalog = Catalog(LakeLocation.parse(str(tmp_path)))
    catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: TOPIC_ID})
    ingestor.register({KEY: 0})
    for day in range(10):
        records = pa.Table.from_pylist(_records(day), schema=RECORD_SCHEMA)
        ingestor.ingest(records, to_ends(records))
        ingestor.flush()
    ingestor.close()
    refresh_rollups(Lake(catalog.location))
    return catalog.location


TABLES = ("gold_price", "quarantine", "duplicates")


def _rows(lake: LakeLocation, name: str) -> list[dict[str, Any]]:
    return read_table(lake, name).drop_columns(["ingest_time"]).sort_by("kafka_offset").to_pylist()


def _rebuild(lake: LakeLocation) -> None:
    rebuild(lake=lake, reason="test", progress=lambda line: None, runtime_dir=lake.to_path().parent)


def _daily(lake: LakeLocation, n_days: int = 12) -> list[tuple[Any, ...]]:
    asked = question(
        "price",
        start=datetime(2026, 6, 1, tzinfo=UTC),
        end=datetime(2026, 6, 1, tzinfo=UTC) + n_days * DAY,
        interval="1d",
    )
    return points(read_history(lakes.open(lake.uri), asked), "event_time", "open", "close", "high", "count")


def test_rebuild_after_bronze_expired_keeps_every_row(lake: LakeLocation) -> None:
    before, buckets = {name: _rows(lake, name) for name in TABLES}, _daily(lake)
    (bronze,) = expire_lake(lakes.open(lake.uri), KEEP, now_us=NOW_US, dry_run=False)
    assert (bronze.table, bronze.n_partitions, bronze.first_date) == ("bronze", 3, "2026-06-04")

    _rebuild(lake)

    assert {name: _rows(lake, name) for name in TABLES} == before
    assert _daily(lake) == buckets
    assert check_lake(lake) == []
    _rebuild(lake)
    assert {name: _rows(lake, name) for name in TABLES} == before


def test_rebuild_after_gold_expired_keeps_buckets_that_only_rollups_have(lake: LakeLocation) -> None:
    buckets = _daily(lake)
    later_us = to_us(FIRST_DAY + 105 * DAY)
    expire_lake(lakes.open(lake.uri), KEEP, now_us=later_us, dry_run=False)
    assert len(_rows(lake, "gold_price")) == 6

    _rebuild(lake)

    assert len(_rows(lake, "gold_price")) == 6
    reader = lakes.open(lake.uri)
    assert reader.snapshot("gold_price")["gold_price"].retained_from_us == to_us(
        datetime(2026, 6, 8, tzinfo=UTC)
    )
    assert _daily(lake) == buckets
    refresh_rollups(reader)
    refresh_scores(reader)
    compact_lake(lake, wait_for_late_rows=False)
    assert _daily(lake) == buckets


def test_bronze_waits_for_tables_that_have_not_taken_it_in(lake: LakeLocation) -> None:
    catalog = Catalog(lake)
    catalog.publish_build(catalog.next_build("an empty one"))
    BatchIngestor(catalog, catalog.current_build(), {TOPIC: TOPIC_ID}).close()
    (bronze,) = expire_lake(lakes.open(lake.uri), KEEP, now_us=NOW_US, dry_run=False)
    assert (bronze.n_files, bronze.held_back) == (0, "duplicates has not ingested all of these records yet")


def test_rebuild_beside_the_table_service_leaves(lake: LakeLocation) -> None:
    with held_lock(lock_path(lake, Path()), command="run"), pytest.raises(LockedError, match="run pid="):
        _rebuild(lake)


def _exclude(lake: LakeLocation, offset: int) -> None:
    exclude(
        lake=lake,
        record_id=(TOPIC_ID, 0, offset),
        reason="a wrong print",
        excluded_by="ops",
        progress=lambda line: None,
        runtime_dir=lake.to_path().parent,
    )


def test_excluded_price_is_gone_from_rows_and_buckets_and_every_record_is_accounted_for(
    lake: LakeLocation,
) -> None:
    wrong = 8 * N_PER_DAY + 3
    before = _rows(lake, "gold_price")
    assert _daily(lake)[8][1:] == (108.0, 208.0, 208.0, 2)

    _exclude(lake, wrong)

    assert _rows(lake, "gold_price") == [row for row in before if row["kafka_offset"] != wrong]
    assert _daily(lake)[8][1:] == (108.0, 108.0, 108.0, 1)
    (row,) = [row for row in _rows(lake, "quarantine") if row["kafka_offset"] == wrong]
    assert (row["rule"], row["reason"]) == ("excluded", "excluded by ops: a wrong print")
    assert check_lake(lake) == []
    assert Catalog(lake).current_build().number == 2


def test_copy_of_an_excluded_message_takes_its_place_until_it_is_excluded_too(lake: LakeLocation) -> None:
    found = find_exclusion(lake, (TOPIC_ID, 0, 9 * N_PER_DAY))
    assert (found.topic, found.event_date, found.n_copies) == (TOPIC, "2026-06-10", 1)

    _exclude(lake, 9 * N_PER_DAY)
    assert [row["kafka_offset"] for row in _rows(lake, "gold_price")][-2:] == [37, 39]
    _exclude(lake, 9 * N_PER_DAY + 1)

    assert [row["kafka_offset"] for row in _rows(lake, "gold_price")][-2:] == [35, 39]
    assert check_lake(lake) == []


def test_exclusion_gives_what_a_rebuild_of_everything_gives(lake: LakeLocation) -> None:
    _exclude(lake, 5 * N_PER_DAY)
    partly = {name: _rows(lake, name) for name in TABLES}
    buckets = _daily(lake)
    _rebuild(lake)
    assert {name: _rows(lake, name) for name in TABLES} == partly
    assert _daily(lake) == buckets


def test_exclusion_that_was_cut_off_after_its_record_is_taken_up_again(lake: LakeLocation) -> None:
    with held_lock(lock_path(lake, Path()), command="run"), pytest.raises(LockedError):
        _exclude(lake, 3)
    _exclude(lake, 3)
    assert read_table(lake, "corrections").num_rows == 1
    assert [row["kafka_offset"] for row in _rows(lake, "gold_price")][:2] == [0, 4]


def test_message_that_bronze_does_not_hold_is_not_excluded(lake: LakeLocation) -> None:
    expire_lake(lakes.open(lake.uri), KEEP, now_us=NOW_US, dry_run=False)
    with pytest.raises(NotExcludableError, match="bronze does not hold id-1/0/3"):
        find_exclusion(lake, (TOPIC_ID, 0, 3))


def test_gold_waits_for_bronze_whatever_is_named(lake: LakeLocation) -> None:
    reader, later_us = lakes.open(lake.uri), to_us(FIRST_DAY + 105 * DAY)
    alone = frozenset({"gold_price"})
    (held,) = expire_lake(reader, KEEP, names=alone, now_us=later_us, dry_run=False)
    assert (held.n_rows, held.held_back) == (0, "bronze still has records of that time and expires first")

    planned = expire_lake(reader, KEEP, now_us=later_us)
    done = expire_lake(reader, KEEP, now_us=later_us, dry_run=False)

    assert [(entry.table, entry.n_rows) for entry in planned] == [
        (entry.table, entry.n_rows) for entry in done
    ]
    assert {entry.table: entry.held_back for entry in done} == dict.fromkeys(
        ("bronze", "gold_price", "quarantine", "duplicates")
    )
