"""Rows of small files beyond a position, read without a query engine."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.cache.block import Layout
from lakehouse.cache.commit_rows import rows_beyond
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.errors import FileGoneError
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.definitions import SENTIMENT

NAMES = Layout.of(SENTIMENT).column_names(with_text=True)


def test_rows_before_the_position_of_their_own_partition_are_left_out(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    rows = pa.table(
        {
            "symbol": ["btc", "btc", "btc", "btc"],
            "topic_id": ["A", "A", "A", "B"],
            "kafka_partition": pa.array([0, 0, 1, 0], pa.int32()),
            "kafka_offset": [4, 5, 4, 4],
        }
    )
    pq.write_table(rows, path)
    position = Position({TopicPartition("A", 0): 5, TopicPartition("A", 1): 9})
    answered = rows_beyond([path], NAMES, GOLD_SENTIMENT, position)
    assert list(zip(answered["topic_id"].to_pylist(), answered["kafka_offset"].to_pylist(), strict=True)) == [
        ("A", 5),
        ("B", 4),
    ]


def test_column_that_a_file_lacks_is_null(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    rows = pa.table({"topic_id": ["A"], "kafka_partition": pa.array([0], pa.int32()), "kafka_offset": [4]})
    pq.write_table(rows, path)
    answered = rows_beyond([path], NAMES, GOLD_SENTIMENT, Position())
    assert answered.column_names == NAMES
    assert answered["score"].to_pylist() == [None]


def test_file_that_was_vacuumed_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(FileGoneError):
        rows_beyond([str(tmp_path / "gone.parquet")], NAMES, GOLD_SENTIMENT, Position())
