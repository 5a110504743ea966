"""Spark's OPTIMIZE and the default engine on two copies of one lake: the same rows, positions and plans."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from compaction.fsck.lake_check import check_lake
from compaction.live_files import LiveFile, read_live_files
from compaction.rewriting.compact import compact_lake, plan_now
from lakehouse import lake
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.schema.tables import GOLD_PRICE
from streaming.spark.optimize import optimize
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

ROOT = Path(__file__).parents[3]


def _crowd(path: Path) -> LakeBuilder:
    builder = build_lake(path)
    for at in range(9):
        rows = [
            {"symbol": symbol, "event_time": NOON + timedelta(days=at % 2, microseconds=at * 10 + number)}
            for number, symbol in enumerate(("eth", "btc", "ada"))
        ]
        builder.append("gold_price", rows)
    return builder


def _rows(builder: LakeBuilder) -> list[dict[str, Any]]:
    table = pa.table(builder.open("gold_price").to_pyarrow_table())
    return table.sort_by("kafka_offset").to_pylist()


def _files(builder: LakeBuilder) -> list[LiveFile]:
    return read_live_files(builder.open("gold_price"), GOLD_PRICE)


def test_both_engines_leave_the_same_rows_and_position_and_a_reader_that_follows(
    tmp_path: Path, spark: SparkSession
) -> None:
    ours = _crowd(tmp_path / "ours")
    shutil.copytree(tmp_path / "ours", tmp_path / "theirs")
    theirs = LakeBuilder(tmp_path / "theirs", dict(ours.next_offsets))
    reader = lake.open(str(tmp_path / "theirs"))
    reader.snapshot("gold_price")
    before = _rows(ours)

    compact_lake(ours.location, wait_for_late_rows=False)
    location = theirs.catalog.table_location("gold_price", theirs.build)
    for task in plan_now(GOLD_PRICE, theirs.open("gold_price"), wait_for_late_rows=False):
        done = optimize(
            spark, uri=location.uri, partition={"event_date": task.partition[0]}, order=GOLD_PRICE.sort_by[0]
        )
        assert (done.n_files_before, done.n_files_after) == (len(task.files), 1)

    assert _rows(ours) == _rows(theirs) == before
    assert len(_files(ours)) == len(_files(theirs)) == 2
    assert [file.n_rows for file in _files(theirs)] == [file.n_rows for file in _files(ours)]
    snapshot = reader.snapshot("gold_price")["gold_price"]
    assert snapshot.position == Position({TopicPartition("TopicPrice", 0): 27})
    assert reader.table("gold_price").arrow().num_rows == 27
    assert check_lake(theirs.location, is_deep=True) == []
    for builder in (ours, theirs):
        assert plan_now(GOLD_PRICE, builder.open("gold_price"), wait_for_late_rows=False) == []
        builder.append("gold_price", [{}])
        assert len(_rows(builder)) == 28


def test_command_with_spark_does_what_the_plan_says_and_then_nothing(tmp_path: Path) -> None:
    builder = _crowd(tmp_path)
    command = [
        sys.executable,
        "-m",
        "compaction",
        "compact",
        "--now",
        "--engine",
        "spark",
        "--lake",
        str(tmp_path),
    ]

    def ask() -> Any:
        said = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, timeout=350, check=True)
        return json.loads(said.stdout)["compact"]

    assert [(entry["n_files"], entry["n_files_after"]) for entry in ask()] == [(5, 1), (4, 1)]
    assert len(_files(builder)) == 2
    assert ask() == []
