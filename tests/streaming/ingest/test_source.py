"""Ends of batches, as Spark's write-ahead log has them."""

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta.position import TopicPartition
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.messages.timestamps import FIRST_TIME_US, LAST_TIME_US
from streaming.ingest.source import planned_ends, to_newest
from streaming.ingest.source import to_records as to_records_of_spark
from streaming.kafka.clock import Stamped
from tests.support.records import to_record, to_records

TOPICS = {"raw-price": "id-price", "raw-news": "id-news"}
LOG = """v1
{"batchWatermarkMs":0,"batchTimestampMs":1796000000000,"conf":{"spark.sql.shuffle.partitions":"2"}}
{"raw-news":{"0":0},"raw-price":{"1":7,"0":12}}
"""


@pytest.mark.lake
@pytest.mark.parametrize("text", [LOG, LOG.rstrip()])
def test_batch_ends_where_it_was_planned_to_end(tmp_path: Path, text: str) -> None:
    (tmp_path / "offsets").mkdir()
    (tmp_path / "offsets" / "3").write_text(text)

    assert planned_ends(tmp_path, 3, TOPICS) == {
        TopicPartition("id-news", 0): 0,
        TopicPartition("id-price", 1): 7,
        TopicPartition("id-price", 0): 12,
    }


def test_batch_whose_checkpoint_is_gone_has_no_planned_end(tmp_path: Path) -> None:
    assert planned_ends(tmp_path / "gone", 3, TOPICS) == {}


@pytest.mark.parametrize(
    ("time_us", "kept"),
    [
        (0, 0),
        (-1_000, -1_000),
        (2**62, LAST_TIME_US),
        (-(2**62), FIRST_TIME_US),
        (LAST_TIME_US, LAST_TIME_US),
    ],
)
def test_timestamps_that_no_table_can_hold_are_bounded(time_us: int, kept: int) -> None:
    batch = pa.table(
        {
            "topic": ["raw-price"],
            "kafka_partition": pa.array([0], pa.int32()),
            "kafka_offset": [7],
            "broker_time": pa.array([time_us], pa.timestamp("us", tz="Europe/Paris")),
            "key": pa.array([None], pa.binary()),
            "value": pa.array([b"x"], pa.binary()),
            "headers": pa.array([None], RECORD_SCHEMA.field("headers").type),
        }
    )
    records = to_records_of_spark(batch, TOPICS)

    assert records["broker_time"].cast(pa.int64()).to_pylist() == [kept]
    assert records["topic_id"].to_pylist() == ["id-price"]
    assert records["broker_time"][0].as_py() is not None


def test_newest_is_by_partition() -> None:
    rows = [
        to_record(
            "raw-price", "id-price", partition=at % 2, offset=at, broker_time=at * 10, key=None, value=None
        )
        for at in range(5)
    ]

    assert sorted(to_newest(to_records(rows)), key=lambda stamped: stamped.key) == [
        Stamped(TopicPartition("id-price", 0), 4, 40),
        Stamped(TopicPartition("id-price", 1), 3, 30),
    ]
    assert to_newest(to_records([])) == []
