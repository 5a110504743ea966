"""Tables on storage against their definition, and appends that are compare-and-set."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table, open_table
from lakehouse.errors import LakeNotFoundError, PositionConflictError, SchemaMismatchError
from lakehouse.schema.spec import Column, TableSpec
from lakehouse.schema.tables import TABLES

SPEC = TableSpec(
    name="example",
    grain="one example",
    columns=(Column("symbol", "string", "ticker"), Column("day", "date", "partition column")),
    partition_by=("day",),
    sort_by=("symbol",),
)
KEY = TopicPartition("id-1", 0)


@pytest.fixture
def location(tmp_path: Path) -> LakeLocation:
    return LakeLocation.parse(str(tmp_path / "example"))


def _rows(*symbols: str) -> pa.Table:
    day = pa.array([20_000] * len(symbols), pa.int32()).cast(pa.date32())
    return pa.table({"symbol": list(symbols), "day": day}, schema=SPEC.to_arrow_schema())


def test_rows_and_position_land_together_sorted(location: LakeLocation) -> None:
    table = ensure_table(location, SPEC)

    append(table, SPEC, _rows("eth", "btc"), expected={KEY: None}, advanced={KEY: 2})

    found = open_table(location, SPEC)
    assert read_position(found, ["id-1"]) == Position({KEY: 2})
    assert pa.table(found.to_pyarrow_table())["symbol"].to_pylist() == ["btc", "eth"]


def test_append_from_a_stale_position_writes_nothing(location: LakeLocation) -> None:
    first, stale = ensure_table(location, SPEC), ensure_table(location, SPEC)
    append(first, SPEC, _rows("btc"), expected={KEY: None}, advanced={KEY: 1})

    with pytest.raises(PositionConflictError):
        append(stale, SPEC, _rows("btc"), expected={KEY: None}, advanced={KEY: 1})

    assert pa.table(open_table(location, SPEC).to_pyarrow_table()).num_rows == 1


def test_position_survives_compaction_checkpoint_and_log_clean_up(location: LakeLocation) -> None:
    table = ensure_table(location, SPEC)
    for offset in range(5):
        expected = {KEY: offset or None}
        append(table, SPEC, _rows("btc"), expected=expected, advanced={KEY: offset + 1})
    table.optimize.compact()
    table.create_checkpoint()
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
    table.cleanup_metadata()

    assert read_position(open_table(location, SPEC), ["id-1"]) == Position({KEY: 5})


def test_added_column_needs_no_rewrite(location: LakeLocation) -> None:
    append(ensure_table(location, SPEC), SPEC, _rows("btc"), expected={}, advanced={})
    files_before = open_table(location, SPEC).file_uris()
    wider = replace(SPEC, columns=(*SPEC.columns, Column("note", "string", "added later")))

    table = ensure_table(location, wider)

    assert table.file_uris() == files_before
    assert pa.table(table.to_pyarrow_table())["note"].to_pylist() == [None]


def test_column_of_another_type_is_refused_by_name(location: LakeLocation) -> None:
    ensure_table(location, SPEC)
    other = replace(SPEC, columns=(Column("symbol", "long", "ticker"), SPEC.columns[1]))

    with pytest.raises(SchemaMismatchError, match="column symbol"):
        ensure_table(location, other)


def test_protocol_that_one_engine_cannot_write_is_refused(location: LakeLocation) -> None:
    DeltaTable.create(
        location.uri,
        SPEC.to_delta_schema(),
        partition_by=["day"],
        configuration={"delta.enableChangeDataFeed": "true"},
    )

    with pytest.raises(SchemaMismatchError, match="protocol"):
        ensure_table(location, SPEC)


def test_absent_table_is_said_to_be_absent(location: LakeLocation) -> None:
    with pytest.raises(LakeNotFoundError, match="table example does not exist"):
        open_table(location, SPEC)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_is_created_with_a_protocol_that_both_engines_write(name: str, tmp_path: Path) -> None:
    table = ensure_table(LakeLocation.parse(str(tmp_path / name)), TABLES[name])

    protocol = table.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
    assert [field.name for field in table.schema().fields] == list(TABLES[name].column_names)
