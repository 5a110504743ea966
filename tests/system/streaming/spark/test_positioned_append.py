"""Rows and position in one commit through Spark, beside delta-rs on the same table."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from pyspark import cloudpickle
from pyspark.errors import IllegalArgumentException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import udf

from lakehouse.errors import PositionConflictError
from streaming.spark.positioned_append import ABSENT_POSITION, append_with_position
from streaming.spark.session import HARD_LINK_LOG_STORE, LOG_STORE_KEY

FIRST = "position:topic-a:0"
SECOND = "position:topic-a:1"
EVENT_TIME = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("symbol", pa.string()),
        ("event_time", pa.timestamp("us", tz="UTC")),
        ("offset", pa.int64()),
        ("event_date", pa.date32()),
    ]
)
CONFIGURATION = {
    "delta.checkpointPolicy": "classic",
    "delta.columnMapping.mode": "none",
    "delta.enableDeletionVectors": "false",
}

# Spark's Python workers do not import this module: what it defines travels with the rows.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def table_uri(tmp_path: Path) -> str:
    table_path = tmp_path / "a table"
    DeltaTable.create(
        str(table_path), schema=SCHEMA, partition_by=["event_date"], configuration=CONFIGURATION
    )
    return table_path.as_uri()


def test_session_commits_with_the_hard_link_log_store(spark: SparkSession) -> None:
    assert spark.sparkContext.getConf().get(LOG_STORE_KEY) == HARD_LINK_LOG_STORE


def test_rows_and_positions_of_one_commit_are_visible_to_delta_rs(
    spark: SparkSession, table_uri: str
) -> None:
    rows = to_rows(spark, offsets=[0, 1, 2])

    version = append_with_position(
        spark,
        table_uri=table_uri,
        rows=rows,
        expected={FIRST: ABSENT_POSITION, SECOND: ABSENT_POSITION},
        advanced={FIRST: 3, SECOND: 2**40},
    )

    table = DeltaTable(table_uri)
    assert version == table.version() == 1
    assert read_offsets(table) == [0, 1, 2]
    assert read_positions(table) == {FIRST: 3, SECOND: 2**40}
    assert (table.protocol().min_reader_version, table.protocol().min_writer_version) == (1, 2)


def test_files_are_partitioned_and_carry_statistics_to_prune_by(spark: SparkSession, table_uri: str) -> None:
    append_with_position(
        spark,
        table_uri=table_uri,
        rows=to_rows(spark, offsets=[0, 1]).coalesce(1),
        expected={FIRST: ABSENT_POSITION},
        advanced={FIRST: 2},
    )

    (add,) = read_actions(table_uri, 1, "add")
    stats = json.loads(add["stats"])
    assert add["path"].startswith("event_date=2026-01-01/")
    assert add["path"].endswith(".zstd.parquet")
    assert add["partitionValues"] == {"event_date": "2026-01-01"}
    assert stats["numRecords"] == 2
    assert stats["minValues"] == {"symbol": "btc", "event_time": "2026-01-01T00:00:01.000Z", "offset": 0}
    assert stats["maxValues"] == {"symbol": "btc", "event_time": "2026-01-01T00:00:02.000Z", "offset": 1}


def test_append_leaves_no_hidden_file_that_delta_rs_would_never_remove(
    spark: SparkSession, table_uri: str
) -> None:
    append_with_position(
        spark,
        table_uri=table_uri,
        rows=to_rows(spark, offsets=[0]),
        expected={FIRST: ABSENT_POSITION},
        advanced={FIRST: 1},
    )

    names = sorted(path.name for path in to_log_path(table_uri).parent.rglob("*") if path.is_file())
    assert [name for name in names if name.startswith(".")] == []
    assert "00000000000000000001.crc" in names


@pytest.mark.parametrize("with_empty_frame", [False, True])
def test_position_moves_past_messages_that_became_no_row(
    spark: SparkSession, table_uri: str, with_empty_frame: bool
) -> None:
    version = append_with_position(
        spark,
        table_uri=table_uri,
        rows=to_rows(spark, offsets=[]) if with_empty_frame else None,
        expected={FIRST: ABSENT_POSITION},
        advanced={FIRST: 7},
    )

    assert read_actions(table_uri, version, "add") == []
    assert read_positions(DeltaTable(table_uri)) == {FIRST: 7}


def test_append_that_is_repeated_is_a_conflict_and_writes_nothing(
    spark: SparkSession, table_uri: str
) -> None:
    def append() -> int:
        return append_with_position(
            spark,
            table_uri=table_uri,
            rows=to_rows(spark, offsets=[0]),
            expected={FIRST: ABSENT_POSITION},
            advanced={FIRST: 1},
        )

    append()
    with pytest.raises(PositionConflictError) as conflict:
        append()

    assert conflict.value.app_id == FIRST
    assert (conflict.value.expected, conflict.value.actual) == (ABSENT_POSITION, 1)
    assert DeltaTable(table_uri).version() == 1


def test_append_after_delta_rs_moved_the_position_is_a_conflict(spark: SparkSession, table_uri: str) -> None:
    append_with_position(
        spark,
        table_uri=table_uri,
        rows=to_rows(spark, offsets=[0]),
        expected={FIRST: ABSENT_POSITION},
        advanced={FIRST: 1},
    )
    append_through_delta_rs(table_uri, offset=1, app_id=FIRST, position=2)

    with pytest.raises(PositionConflictError) as conflict:
        append_with_position(
            spark,
            table_uri=table_uri,
            rows=to_rows(spark, offsets=[1]),
            expected={FIRST: 1},
            advanced={FIRST: 2},
        )

    assert (conflict.value.expected, conflict.value.actual) == (1, 2)
    assert read_offsets(DeltaTable(table_uri)) == [0, 1]


def test_append_during_which_delta_rs_moves_the_position_is_a_conflict(
    spark: SparkSession, table_uri: str
) -> None:
    def move_meanwhile() -> None:
        append_through_delta_rs(table_uri, offset=0, app_id=SECOND, position=9)

    with pytest.raises(PositionConflictError) as conflict:
        append_with_position(
            spark,
            table_uri=table_uri,
            rows=to_rows_after(spark, move_meanwhile),
            expected={FIRST: ABSENT_POSITION, SECOND: ABSENT_POSITION},
            advanced={FIRST: 1},
        )

    assert (conflict.value.app_id, conflict.value.expected, conflict.value.actual) == (
        SECOND,
        ABSENT_POSITION,
        9,
    )
    assert read_positions(DeltaTable(table_uri)) == {SECOND: 9}
    assert read_offsets(DeltaTable(table_uri)) == [0]


def test_append_during_which_delta_rs_moves_another_position_is_committed(
    spark: SparkSession, table_uri: str
) -> None:
    def move_meanwhile() -> None:
        append_through_delta_rs(table_uri, offset=0, app_id=SECOND, position=9)

    version = append_with_position(
        spark,
        table_uri=table_uri,
        rows=to_rows_after(spark, move_meanwhile),
        expected={FIRST: ABSENT_POSITION},
        advanced={FIRST: 101},
    )

    assert version == 2
    assert read_positions(DeltaTable(table_uri)) == {FIRST: 101, SECOND: 9}
    assert read_offsets(DeltaTable(table_uri)) == [0, 100]


def test_append_during_which_delta_rs_compacts_is_committed(spark: SparkSession, table_uri: str) -> None:
    for offset in (0, 1):
        append_through_delta_rs(table_uri, offset=offset, app_id=FIRST, position=offset + 1)

    def compact_meanwhile() -> None:
        DeltaTable(table_uri).optimize.compact()

    version = append_with_position(
        spark,
        table_uri=table_uri,
        rows=to_rows_after(spark, compact_meanwhile),
        expected={FIRST: 2},
        advanced={FIRST: 101},
    )

    assert version == 4
    assert read_actions(table_uri, 3, "remove") != []
    assert read_positions(DeltaTable(table_uri)) == {FIRST: 101}
    assert read_offsets(DeltaTable(table_uri)) == [0, 1, 100]


def test_delta_rs_and_spark_move_one_position_in_turn(spark: SparkSession, table_uri: str) -> None:
    for offset in range(0, 8, 2):
        append_with_position(
            spark,
            table_uri=table_uri,
            rows=to_rows(spark, offsets=[offset]),
            expected={FIRST: offset or ABSENT_POSITION},
            advanced={FIRST: offset + 1},
        )
        append_through_delta_rs(table_uri, offset=offset + 1, app_id=FIRST, position=offset + 2)

    assert read_offsets(DeltaTable(table_uri)) == list(range(8))
    assert read_positions(DeltaTable(table_uri)) == {FIRST: 8}


def test_position_survives_a_checkpoint_of_spark(spark: SparkSession, table_uri: str) -> None:
    DeltaTable(table_uri).alter.set_table_properties({"delta.checkpointInterval": "2"})
    for offset in range(3):
        append_with_position(
            spark,
            table_uri=table_uri,
            rows=None,
            expected={FIRST: offset or ABSENT_POSITION},
            advanced={FIRST: offset + 1},
        )

    log_path = to_log_path(table_uri)
    assert (log_path / "00000000000000000002.checkpoint.parquet").exists()
    for version in range(3):
        (log_path / f"{version:020d}.json").unlink()
    assert read_positions(DeltaTable(table_uri)) == {FIRST: 3}


def test_checkpoint_is_written_under_a_temporary_name(spark: SparkSession, table_uri: str) -> None:
    jvm: Any = spark._jvm
    conf = spark.sparkContext._jsc.hadoopConfiguration()  # type: ignore[union-attr]
    log_store = jvm.cryptoviz.delta.HardLinkLogStore(conf)

    # Delta writes checkpoints past the LogStore, in place where this is false: a kill would leave a torn one for ever.
    assert log_store.isPartialWriteVisible(jvm.org.apache.hadoop.fs.Path(table_uri), conf)


@pytest.mark.parametrize(
    ("expected", "advanced"),
    [({FIRST: 5}, {FIRST: 5}), ({FIRST: 5}, {}), ({FIRST: 5}, {FIRST: 4}), ({FIRST: 5}, {SECOND: 6})],
    ids=["stands still", "moves nothing", "moves back", "not expected"],
)
def test_append_that_could_be_repeated_unnoticed_is_refused(
    spark: SparkSession, table_uri: str, expected: dict[str, int], advanced: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match="position"):
        append_with_position(spark, table_uri=table_uri, rows=None, expected=expected, advanced=advanced)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("'btc' AS symbol, '7' AS offset, DATE'2026-01-01' AS event_date", "offset is bigint, not string"),
        ("'btc' AS symbol, 1.0D AS score, DATE'2026-01-01' AS event_date", "no column score"),
    ],
    ids=["other type", "unknown column"],
)
def test_rows_that_are_not_the_tables_are_refused(
    spark: SparkSession, table_uri: str, columns: str, message: str
) -> None:
    with pytest.raises(IllegalArgumentException, match=message):
        append_with_position(
            spark,
            table_uri=table_uri,
            rows=spark.sql(f"SELECT {columns}"),
            expected={FIRST: ABSENT_POSITION},
            advanced={FIRST: 1},
        )

    assert DeltaTable(table_uri).version() == 0


def test_append_to_no_table_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(IllegalArgumentException, match="no Delta table at"):
        append_with_position(
            spark,
            table_uri=(tmp_path / "absent").as_uri(),
            rows=None,
            expected={FIRST: ABSENT_POSITION},
            advanced={FIRST: 1},
        )


def to_rows(spark: SparkSession, *, offsets: list[int]) -> DataFrame:
    values = [("btc", EVENT_TIME + timedelta(seconds=offset), offset, date(2026, 1, 1)) for offset in offsets]
    return spark.createDataFrame(
        values, "symbol string, event_time timestamp, offset bigint, event_date date"
    )


def to_rows_after(spark: SparkSession, happening: Callable[[], None]) -> DataFrame:
    """One row, at offset 100; something happens while Spark computes it, between the table's read and the commit."""

    @udf(returnType="bigint", useArrow=False)
    def after_it(offset: int) -> int:
        happening()
        return offset

    rows = to_rows(spark, offsets=[100]).coalesce(1)
    return rows.withColumn("offset", after_it.asNondeterministic()("offset"))


def append_through_delta_rs(table_uri: str, *, offset: int, app_id: str, position: int) -> None:
    row = {"symbol": "eth", "event_time": EVENT_TIME, "offset": offset, "event_date": date(2026, 1, 1)}
    write_deltalake(
        DeltaTable(table_uri),
        pa.Table.from_pylist([row], schema=SCHEMA),
        mode="append",
        commit_properties=CommitProperties(app_transactions=[Transaction(app_id, position)]),
    )


def read_offsets(table: DeltaTable) -> list[int]:
    return sorted(table.to_pyarrow_table(columns=["offset"])["offset"].to_pylist())


def read_positions(table: DeltaTable) -> dict[str, int]:
    positions = {app_id: table.transaction_version(app_id) for app_id in (FIRST, SECOND)}
    return {app_id: position for app_id, position in positions.items() if position is not None}


def read_actions(table_uri: str, version: int, kind: str) -> list[dict[str, str]]:
    lines = (to_log_path(table_uri) / f"{version:020d}.json").read_text(encoding="utf-8").splitlines()
    return [action[kind] for action in map(json.loads, lines) if kind in action]


def to_log_path(table_uri: str) -> Path:
    return Path(unquote(urlsplit(table_uri).path)) / "_delta_log"
