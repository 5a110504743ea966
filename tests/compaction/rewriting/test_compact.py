"""Partitions of many small files become few files; rows, position and concurrent appends stay unchanged."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from compaction.errors import SwapConflictError
from compaction.rewriting.budget import Budget
from compaction.rewriting.compact import compact_lake, plan_lake, plan_now
from compaction.rewriting.plan import MIN_RUNS, RewriteTask
from compaction.rewriting.rewrite import rewrite
from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table, open_table
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.page import read_history
from lakehouse.schema.tables import GOLD_PRICE
from tests.support.history_queries import points, question
from tests.support.lake_builder import NOON, build_lake

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
    location = _fill(lake, MIN_RUNS)
    before = pa.table(open_table(location, GOLD_PRICE).to_pyarrow_table()).sort_by("event_time")

    compact_lake(lake)

    table = open_table(location, GOLD_PRICE)
    assert len(table.file_uris()) == 1
    assert pa.table(table.to_pyarrow_table()).sort_by("event_time").equals(before)
    assert read_position(table, ["id-1"]) == Position({KEY: MIN_RUNS})


def test_second_run_does_nothing(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    location = _fill(lake, MIN_RUNS)
    compact_lake(lake)
    version = open_table(location, GOLD_PRICE).version()

    compact_lake(lake)

    assert open_table(location, GOLD_PRICE).version() == version


def test_partition_with_few_files_is_left_alone(tmp_path: Path) -> None:
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    location = _fill(lake, MIN_RUNS - 1)

    compact_lake(lake)

    assert len(open_table(location, GOLD_PRICE).file_uris()) == MIN_RUNS - 1


def test_partial_sums_of_one_bucket_become_one_row_at_the_same_position(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    reader = lake.open(str(tmp_path))
    for second in range(MIN_RUNS):
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
    for second in range(MIN_RUNS):
        builder.append(
            "gold_price", [{"event_time": NOON + timedelta(seconds=second), "price": 1.0 + second}]
        )
        refresh_rollups(reader)
    compact_lake(builder.location)
    builder.append("gold_price", [{"event_time": NOON - timedelta(minutes=5), "price": 99.0}])
    builder.append("gold_price", [{"event_time": NOON + timedelta(minutes=5), "price": 0.5}])
    refresh_rollups(reader)
    compact_lake(builder.location)

    page = read_history(reader, question("price", interval="1d"))

    assert points(page, "open", "high", "low", "close", "count") == [(99.0, 99.0, 0.5, 0.5, 10)]


def _files(table: DeltaTable) -> list[Path]:
    return [Path(uri.removeprefix("file://")) for uri in table.file_uris()]


def _only_task(table: DeltaTable) -> RewriteTask:
    (task,) = plan_now(GOLD_PRICE, table, wait_for_late_rows=False)
    return task


def test_compacted_day_is_sorted_by_symbol_and_time_in_small_row_groups(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for start in range(0, 20_000, 10_000):
        rows = [
            {"symbol": ("eth", "btc")[at % 2], "event_time": NOON + timedelta(milliseconds=20_000 - at)}
            for at in range(start, start + 10_000)
        ]
        builder.append("gold_price", rows)

    compact_lake(builder.location, wait_for_late_rows=False)

    (path,) = _files(builder.open("gold_price"))
    rows = pq.read_table(path, partitioning=None)
    assert rows.equals(rows.sort_by([("symbol", "ascending"), ("event_time", "ascending")]))
    assert rows.num_rows == 20_000
    assert pq.ParquetFile(path).metadata.row_group(0).num_rows == 8_192


def test_log_keeps_the_statistics_that_prune_compacted_files(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{"symbol": "ada", "event_time": NOON}])
    builder.append("gold_price", [{"event_time": NOON + timedelta(microseconds=1_999)}], partitions=(0, 3))

    compact_lake(builder.location, wait_for_late_rows=False)

    (action,) = pa.table(builder.open("gold_price").get_add_actions(flatten=True)).to_pylist()
    assert (action["num_records"], action["min.symbol"], action["max.symbol"]) == (2, "ada", "btc")
    assert (action["min.kafka_offset"], action["max.kafka_offset"]) == (0, 1)
    assert action["min.event_time"] == NOON
    assert action["max.event_time"] == NOON + timedelta(milliseconds=1)
    assert action["null_count.symbol"] == 0
    assert action["partition.event_date"] == NOON.date()


def test_compaction_commit_changes_no_data_for_who_follows_the_log(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    builder.append("gold_price", [{}])

    compact_lake(builder.location, wait_for_late_rows=False)

    log = builder.catalog.table_location("gold_price", builder.build).to_path() / "_delta_log"
    commit = max(log.glob("*.json")).read_text()
    assert (commit.count('"add"'), commit.count('"remove"')) == (1, 2)
    assert (commit.count('"dataChange":false'), commit.count('"dataChange":true')) == (3, 0)


def test_of_two_compactions_of_the_same_files_one_changes_nothing(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    builder.append("gold_price", [{}])
    location = builder.catalog.table_location("gold_price", builder.build)
    first, second = builder.open("gold_price"), builder.open("gold_price")
    task = _only_task(second)

    rewrite(first, location, GOLD_PRICE, _only_task(first))
    with pytest.raises(SwapConflictError, match="2 of its files were replaced by another"):
        rewrite(second, location, GOLD_PRICE, task)

    assert builder.open("gold_price").count() == 2


def test_append_that_lands_while_a_rewrite_runs_is_kept(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    builder.append("gold_price", [{}])
    location = builder.catalog.table_location("gold_price", builder.build)
    table = builder.open("gold_price")
    task = _only_task(table)
    builder.append("gold_price", [{}])

    rewrite(table, location, GOLD_PRICE, task)

    table = builder.open("gold_price")
    assert (table.count(), len(table.file_uris())) == (3, 2)
    assert read_position(table, ["TopicPrice"]) == Position({TopicPartition("TopicPrice", 0): 3})


def test_append_from_before_a_compaction_still_commits(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    builder.append("gold_price", [{}])
    behind = builder.open("gold_price")
    row = {"symbol": "btc", "event_time": NOON, "event_date": NOON.date()}
    key = TopicPartition("TopicPrice", 0)

    compact_lake(builder.location, wait_for_late_rows=False)
    rows = pa.Table.from_pylist([row], schema=GOLD_PRICE.to_arrow_schema())
    append(behind, GOLD_PRICE, rows, expected={key: 2}, advanced={key: 3})

    assert builder.open("gold_price").count() == 3


def test_rewrite_beyond_the_budget_is_left_to_the_next_run(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    for days in (0, 1):
        builder.append("gold_price", [{"event_time": NOON + timedelta(days=days)}])
        builder.append("gold_price", [{"event_time": NOON + timedelta(days=days)}])

    first = compact_lake(builder.location, wait_for_late_rows=False, budget=Budget(max_bytes=1))
    second = compact_lake(builder.location, wait_for_late_rows=False)

    assert (len(first.rewritten), first.is_cut_off) == (1, True)
    assert (len(second.rewritten), second.is_cut_off) == (1, False)


def test_plan_changes_nothing(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    builder.append("gold_price", [{}])
    version = builder.open("gold_price").version()

    (task,) = plan_lake(builder.location, wait_for_late_rows=False)

    assert (task.table, task.partition, len(task.files), task.n_rows) == ("gold_price", ("2026-01-10",), 2, 2)
    assert builder.open("gold_price").version() == version


def test_columns_that_a_table_gained_are_null_in_rows_from_before(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}])
    builder.append("gold_price", [{}])
    for path in _files(builder.open("gold_price")):
        pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["extra"]), path)

    compact_lake(builder.location, wait_for_late_rows=False)

    table = pa.table(builder.open("gold_price").to_pyarrow_table())
    assert table["extra"].to_pylist() == [None, None]


def test_more_rows_than_a_batch_are_regrouped_by_symbol(tmp_path: Path) -> None:
    """The rest of one of the engine's batches (65,536 rows) goes into a row group with the next one's."""
    lake = LakeLocation.parse(str(tmp_path / "lake"))
    catalog = Catalog(lake)
    location = catalog.table_location("gold_price", catalog.ensure_build())
    table, n_commits, n_rows = ensure_table(location, GOLD_PRICE), 2 * MIN_RUNS, 90_000
    schema = GOLD_PRICE.to_arrow_schema()
    for number in range(n_commits):
        rows = [
            {
                "symbol": f"s{at % 7}",
                "event_time": START + timedelta(milliseconds=at),
                "event_date": START.date(),
            }
            for at in range(number, n_rows, n_commits)
        ]
        append(
            table,
            GOLD_PRICE,
            pa.Table.from_pylist(rows, schema=schema),
            expected={KEY: number or None},
            advanced={KEY: number + 1},
        )
    order = [("symbol", "ascending"), ("event_time", "ascending")]
    before = pa.table(open_table(location, GOLD_PRICE).to_pyarrow_table()).sort_by(order)

    compact_lake(lake)

    table = open_table(location, GOLD_PRICE)
    assert pa.table(table.to_pyarrow_table()).sort_by(order).equals(before)
    (path,) = table.file_uris()
    written = pq.ParquetFile(path.removeprefix("file://"))
    groups = [set(written.read_row_group(at)["symbol"].to_pylist()) for at in range(written.num_row_groups)]
    assert {len(symbols) for symbols in groups} == {1}
