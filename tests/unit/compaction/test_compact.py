"""Crowded partitions become few files; rows, position and a concurrent append stay as they are."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from compaction.compact import MIN_SMALL_FILES, compact_lake, crowded_partitions
from lakehouse import lake
from lakehouse.catalog import Catalog
from lakehouse.delta_table import append, ensure_table, open_table
from lakehouse.history import read_history
from lakehouse.position import Position, TopicPartition, read_position
from lakehouse.rollup_refresh import refresh_rollups
from lakehouse.storage import LakeLocation
from lakehouse.tables import GOLD_PRICE
from tests.lake_builder import NOON, build_lake
from tests.unit.lakehouse.history_helpers import points, question

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


def test_symbols_that_came_mixed_lie_together_afterwards(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for second in range(MIN_SMALL_FILES):
        instant = NOON + timedelta(seconds=second)
        builder.append(
            "gold_price", [{"symbol": symbol, "event_time": instant} for symbol in ("eth", "btc", "ada")]
        )

    compact_lake(builder.location)

    (path,) = builder.open("gold_price").file_uris()
    symbols = pq.read_table(path.removeprefix("file://"), partitioning=None)["symbol"].to_pylist()
    assert symbols == ["ada"] * 8 + ["btc"] * 8 + ["eth"] * 8


def test_partition_with_few_files_is_left_alone(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    location = _fill(lake, MIN_SMALL_FILES - 1)

    assert crowded_partitions(open_table(location, GOLD_PRICE), GOLD_PRICE) == []


def test_partial_sums_of_one_bucket_become_one_row_at_the_same_position(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    reader = lake.open(str(tmp_path))
    for second in range(MIN_SMALL_FILES):
        builder.append(
            "gold_sentiment", [{"event_time": NOON + timedelta(seconds=second), "score": second / 8}]
        )
        refresh_rollups(reader)
    table = reader.table("gold_sentiment_1h")
    position = table.position

    compact_lake(builder.location)

    (row,) = table.arrow().to_pylist()
    assert (row["bucket_time"], row["n_rows"], row["score_sum"]) == (NOON, 8, Decimal("3.5"))
    assert (row["score_min"], row["score_max"]) == (0.0, 0.875)
    assert table.position == position


def test_refresh_after_a_merge_by_another_process_adds_up(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    reader = lake.open(str(tmp_path))
    for second in range(MIN_SMALL_FILES):
        builder.append(
            "gold_price", [{"event_time": NOON + timedelta(seconds=second), "price": 1.0 + second}]
        )
        refresh_rollups(reader)
    compact_lake(builder.location)
    builder.append("gold_price", [{"event_time": NOON - timedelta(minutes=5), "price": 99.0}])
    builder.append("gold_price", [{"event_time": NOON + timedelta(minutes=5), "price": 0.5}])
    refresh_rollups(reader)
    compact_lake(builder.location)

    page = read_history(reader, question("prix", interval="1d"))

    assert points(page, "open", "high", "low", "close", "count") == [(99.0, 99.0, 0.5, 0.5, 10)]
