"""Commits that Spark writes, followed without delta-rs: the same files, positions and answers as it gives."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse import lake
from lakehouse.delta.commit import read_commit
from lakehouse.delta.position import TopicPartition
from lakehouse.history.page import read_history
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.snapshots.pinned import TableSnapshot
from streaming.spark.positioned_append import append_with_position
from tests.support.file_indexes import files_by_path
from tests.support.history_queries import question
from tests.support.lake_builder import NOON, LakeBuilder, Row, build_lake

NAME = GOLD_SENTIMENT.name


def append(spark: SparkSession, builder: LakeBuilder, rows: Sequence[Row]) -> None:
    """Rows and their position through Spark's own writer."""
    key = TopicPartition(builder.topic_ids[NAME], 0)
    expected = builder.open(NAME).transaction_version(key.app_id)
    complete = [builder._complete(GOLD_SENTIMENT, row) for row in rows]
    held = pa.Table.from_pylist(complete, schema=GOLD_SENTIMENT.to_arrow_schema())
    append_with_position(
        spark,
        table_uri=uri_of(builder),
        rows=spark.createDataFrame(held),
        expected={key.app_id: expected or 0},
        advanced={key.app_id: builder.next_offsets[NAME, 0]},
    )


def uri_of(builder: LakeBuilder) -> str:
    return builder.catalog.table_location(NAME, builder.build).uri


def pinned(reader: Lake) -> TableSnapshot:
    return reader.snapshot(NAME)[NAME]


def assert_followed(following: Lake, builder: LakeBuilder) -> None:
    """Assert that the reader followed the newest commit and knows what a reader knows that opens the table anew."""
    version = builder.open(NAME).version()
    commit = read_commit(builder.catalog.table_location(NAME, builder.build), version)
    assert commit is not None
    assert commit.is_plain
    followed, listed = pinned(following), pinned(lake.open(str(builder.path)))
    assert files_by_path(followed.files) == files_by_path(listed.files)
    assert (followed.version, followed.position, followed.commit_time_us) == (
        version,
        listed.position,
        listed.commit_time_us,
    )
    for interval in ("raw", "5m"):
        asked = question("sentiment", interval=interval, end=NOON + timedelta(days=2))
        assert read_history(following, asked).rows == read_history(lake.open(str(builder.path)), asked).rows


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_appends_and_compactions_by_spark_are_followed(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    following = lake.open(str(tmp_path), columns_budget_bytes=10**8)
    for _ in range(2):  # so that the day is kept in memory
        read_history(following, question("sentiment"))
    with caplog.at_level(logging.WARNING, logger="lakehouse"):
        for step in range(3):
            append(
                spark,
                builder,
                [
                    {"score": step / 10, "event_time": NOON + timedelta(microseconds=1_500 * step + 999)},
                    {"symbol": f"coin{step}", "event_time": NOON + timedelta(days=step % 2)},
                    {"score": None, "url": "https://example.org/é ü%20", "terms": None},
                ],
            )
            assert_followed(following, builder)
        spark.sql(f"OPTIMIZE delta.`{uri_of(builder)}`")
        assert_followed(following, builder)
        spark.sql(f"DELETE FROM delta.`{uri_of(builder)}` WHERE event_date = '2026-01-11'")
        assert_followed(following, builder)
        builder.append(NAME, [{"score": 0.7}])
        assert_followed(following, builder)
    assert [record.message for record in caplog.records if "left to delta-rs" in record.message] == []
