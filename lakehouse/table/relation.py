"""Lazy DuckDB relations of pinned tables, and a snapshot as views of one connection."""

import duckdb

from lakehouse.engine.duckdb_session import duckdb_type, padded_rows
from lakehouse.errors import FileGoneError
from lakehouse.schema.spec import TableSpec
from lakehouse.snapshots.pinned import Snapshot


def new_connection() -> duckdb.DuckDBPyConnection:
    """Return a connection of its own, in UTC."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def to_relation(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, files: list[str]
) -> duckdb.DuckDBPyRelation:
    """Return every column of a table in its order, null where a file is older than the column. Reads footers."""
    if not files:
        return connection.sql(f"FROM {padded_rows(spec, None)}")
    held = connection.read_parquet(files, union_by_name=True, hive_partitioning=True)
    return held.select(
        *(
            duckdb.ColumnExpression(column.name)
            if column.name in held.columns
            else duckdb.ConstantExpression(None).cast(duckdb_type(column.type)).alias(column.name)
            for column in spec.columns
        )
    )


def connect(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own, in UTC, with a view for each table. Raises FileGoneError after a vacuum."""
    connection = new_connection()
    try:
        for name, table in snapshot.tables.items():
            to_relation(connection, table.spec, table.files.paths.tolist()).create_view(name)
    except duckdb.IOException as error:
        raise FileGoneError(problem=str(error)) from error
    return connection
