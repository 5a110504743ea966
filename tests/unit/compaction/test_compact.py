"""Crowded partitions become few files; rows, position and a concurrent append stay as they are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from compaction.compact import MIN_SMALL_FILES, compact_lake, crowded_partitions
from lakehouse.catalog import Catalog
from lakehouse.delta_table import append, ensure_table, open_table
from lakehouse.position import Position, TopicPartition, read_position
from lakehouse.storage import LakeLocation
from lakehouse.tables import GOLD_PRICE

KEY = TopicPartition("id-1", 0)
START = datetime(2026, 11, 1, tzinfo=UTC)


def _fill(lake: LakeLocation, n_commits: int) -> LakeLocation:
    catalog = Catalog(lake)
    location = catalog.table_location("gold_price", catalog.ensure_build())
    table = ensure_table(location, GOLD_PRICE)
    for number in range(n_commits):
        row = {"symbol": "btc", "event_time": START + timedelta(seconds=number), "event_date": START.date()}
        rows = pa.Table.from_pylist([row], schema=GOLD_PRICE.to_arrow_schema())
        append(table, GOLD_PRICE, rows, expected={KEY: number or None}, advanced={KEY: number + 1})
    return location


def test_crowded_partition_becomes_one_file_with_the_same_rows_and_position(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    location = _fill(lake, MIN_SMALL_FILES)
    before = pa.table(open_table(location, GOLD_PRICE).to_pyarrow_table()).sort_by("event_time")

    compact_lake(lake)

    table = open_table(location, GOLD_PRICE)
    assert len(table.file_uris()) == 1
    assert pa.table(table.to_pyarrow_table()).sort_by("event_time").equals(before)
    assert read_position(table, ["id-1"]) == Position({KEY: MIN_SMALL_FILES})


def test_second_run_does_nothing(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    location = _fill(lake, MIN_SMALL_FILES)
    compact_lake(lake)
    version = open_table(location, GOLD_PRICE).version()

    compact_lake(lake)

    assert open_table(location, GOLD_PRICE).version() == version


def test_partition_with_few_files_is_left_alone(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    location = _fill(lake, MIN_SMALL_FILES - 1)

    assert crowded_partitions(open_table(location, GOLD_PRICE), GOLD_PRICE) == []
