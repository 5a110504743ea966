"""Ends of batches, as Spark's write-ahead log has them."""

from pathlib import Path

import pytest

from lakehouse.delta.position import TopicPartition
from streaming.ingest.source import planned_ends, to_newest
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
