"""Rows at and beyond a position: SQL, whole columns and a plain comparison of each row agree."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.engine import position_sql
from lakehouse.messages.positions import is_beyond

TOPIC_IDS = ("Zk3", "Zk4", "Zk")
keys = st.builds(TopicPartition, st.sampled_from(TOPIC_IDS), st.integers(0, 3))
offsets = st.integers(0, 6)
SCHEMA = pa.schema([("topic_id", pa.string()), ("kafka_partition", pa.int32()), ("kafka_offset", pa.int64())])


def to_rows(records: list[tuple[TopicPartition, int]], *, coded: bool = False) -> pa.Table:
    rows = pa.Table.from_pylist(
        [
            {"topic_id": key.topic_id, "kafka_partition": key.partition, "kafka_offset": offset}
            for key, offset in records
        ],
        schema=SCHEMA,
    )
    return rows.set_column(0, "topic_id", rows["topic_id"].dictionary_encode()) if coded else rows


def select(rows: pa.Table, position: Position, condition: str) -> list[tuple[str, int, int]]:
    statement = f"SELECT topic_id, kafka_partition, kafka_offset FROM rows {position_sql.join_position()}"
    with duckdb.connect(":memory:") as connection:
        connection.register("rows", rows)
        bound = position_sql.bind_position(position)
        found = connection.execute(f"{statement} WHERE {condition} ORDER BY ALL", bound).fetchall()
        return [(topic_id, partition, offset) for topic_id, partition, offset in found]


@given(st.lists(st.tuples(keys, offsets)), st.dictionaries(keys, offsets), st.booleans())
def test_rows_beyond_a_position_are_those_of_a_plain_comparison(
    records: list[tuple[TopicPartition, int]], next_offsets: dict[TopicPartition, int], coded: bool
) -> None:
    position = Position(next_offsets)
    expected = [offset >= position[key] for key, offset in records]
    assert is_beyond(to_rows(records, coded=coded), position).tolist() == expected


@pytest.mark.parametrize("next_offsets", [{}, {"Zk3": [5, 7]}, {"Zk3": [0, -1, 2], "Zk4": [6]}])
def test_sql_and_columns_split_rows_alike(next_offsets: dict[str, list[int]]) -> None:
    position = Position.from_json(next_offsets)
    records = [
        (TopicPartition(topic_id, partition), offset)
        for topic_id in TOPIC_IDS
        for partition in range(4)
        for offset in range(8)
    ]
    rows = to_rows(records)
    mask = is_beyond(rows, position)
    for condition, expected in ((position_sql.is_beyond(), mask), (position_sql.is_before(), ~mask)):
        plain = rows.filter(pa.array(expected)).to_pylist()
        assert select(rows, position, condition) == sorted(tuple(row.values()) for row in plain)
