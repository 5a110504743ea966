"""DuckDB over Parquet files: one connection for a process, one cursor for a thread, everything bound."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse.delta.position import Position
from lakehouse.engine.limits import UNLIMITED, QueryLimiter, QueryLimits
from lakehouse.engine.position_sql import bind_position, is_before, join_position
from lakehouse.errors import FileGoneError
from lakehouse.schema.spec import DeltaType, TableSpec

# Sources of a query: `{rows}` in a statement stands for one of these, or for `padded_rows`.
_ALL_ROWS = "read_parquet($files, union_by_name = true)"
_TAIL = "tail_rows"
_ROWS_BEFORE_POSITION = f"(SELECT * FROM {{all_rows}} {join_position()} WHERE {is_before()})"
_BATCH_ROWS = 65_536
_DUCKDB_TYPES: Mapping[str, str] = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "integer": "INTEGER",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": False,
    "memory_limit": "2GB",
}


class DuckdbSession:
    """Runs statements on files, within limits. Thread-safe. Instants are compared and cut in UTC.

    Given a folder, DuckDB itself opens nothing outside of it, whatever a statement says.
    """

    def __init__(self, limits: QueryLimits = UNLIMITED, *, within: Path | None = None) -> None:
        config = dict(_CONFIG)
        if limits.memory_bytes:
            config |= {"memory_limit": f"{limits.memory_bytes}B", "temp_directory": ""}
        self._connection = duckdb.connect(":memory:", config=config)
        if within is not None:
            self._connection.execute("SET allowed_directories = $folders", {"folders": [f"{within}/"]})
            self._connection.execute("SET enable_external_access = false")
        self._gate = QueryLimiter(limits)
        self._lock = threading.Lock()
        self._local = threading.local()

    def fetch_rows(
        self,
        statement: str,
        files: list[str],
        *,
        spec: TableSpec,
        before: Position | None = None,
        tail: pa.Table | None = None,
        **bound: Any,
    ) -> list[tuple[Any, ...]]:
        """Return rows of a statement over files of a table, only those ``before`` a position where one is given.

        The rows of a ``tail``, which has the table's columns, count as if a file held them. A statement without
        ``{rows}`` reads only the files that are ``bound``. Raises FileGoneError where a file was vacuumed
        meanwhile, BusyError and CostError where the session's limits do not let it run or end.
        """
        parameters = bound
        if "{rows}" in statement:
            if (not files and tail is None) or (before is not None and not len(before)):
                return []
            parameters = bound | ({"files": files} if files else {})
            parameters |= {} if before is None else bind_position(before)
        cursor = self._cursor()
        try:
            with self._gate.passed(cursor), _registered(cursor, tail):
                if tail is not None:
                    whole = _complete(statement, _with_tail(spec, has_files=bool(files)), before)
                    return cursor.execute(whole, parameters).fetchall()
                try:
                    return cursor.execute(_complete(statement, _ALL_ROWS, before), parameters).fetchall()
                except duckdb.BinderException:  # no file has a column that the table gained since
                    return cursor.execute(
                        _complete(statement, padded_rows(spec), before), parameters
                    ).fetchall()
        except duckdb.IOException as error:
            raise FileGoneError(problem=str(error)) from error

    def fetch_arrow(self, statement: str, files: list[str], *, spec: TableSpec, **bound: Any) -> pa.Table:
        """Return rows as one Arrow table, with every column of the table. ``files`` must not be empty."""
        complete, cursor = _complete(statement, padded_rows(spec), None), self._cursor()
        try:
            with self._gate.passed(cursor):
                return cursor.sql(complete, params={"files": files, **bound}).to_arrow_table()
        except duckdb.IOException as error:
            raise FileGoneError(problem=str(error)) from error

    def stream_arrow(
        self, statement: str, files: list[str], *, spec: TableSpec, n_rows: int, **bound: Any
    ) -> Iterator[pa.Table]:
        """Yield rows in pieces of at least ``n_rows``, but for the last: memory does not grow with the answer.

        Outside of the session's limits, on a cursor of its own.
        """
        with self._lock:
            cursor = self._connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        complete = _complete(statement, padded_rows(spec), None)
        waiting: list[pa.RecordBatch] = []
        try:
            for batch in cursor.sql(complete, params={"files": files, **bound}).to_arrow_reader(_BATCH_ROWS):
                waiting.append(batch)
                if sum(part.num_rows for part in waiting) >= n_rows:
                    yield pa.Table.from_batches(waiting)
                    waiting = []
        except duckdb.IOException as error:
            raise FileGoneError(problem=str(error)) from error
        finally:
            cursor.close()
        if waiting:
            yield pa.Table.from_batches(waiting)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            with self._lock:
                cursor = self._connection.cursor()
            cursor.execute("SET TimeZone = 'UTC'")
            self._local.cursor = cursor
        return cursor


def _complete(statement: str, all_rows: str, before: Position | None) -> str:
    rows = all_rows if before is None else _ROWS_BEFORE_POSITION.replace("{all_rows}", all_rows)
    return statement.replace("{rows}", rows)


@contextmanager
def _registered(cursor: duckdb.DuckDBPyConnection, tail: pa.Table | None) -> Iterator[None]:
    """Register the tail's rows as a table of this cursor, for the block."""
    if tail is None:
        yield
        return
    cursor.register(_TAIL, tail)
    try:
        yield
    finally:
        cursor.unregister(_TAIL)


def _with_tail(spec: TableSpec, *, has_files: bool) -> str:
    held = padded_rows(spec, "files" if has_files else None)
    return f"(SELECT * FROM {held} UNION ALL BY NAME SELECT * FROM {_TAIL})"


def padded_rows(spec: TableSpec, parameter: str | None = "files") -> str:
    """Return what stands for `{rows}` where files may lack columns that the table gained since.

    The files are bound as ``parameter``; None is a table without files, and binds nothing.
    """
    no_row = ", ".join(f"NULL::{duckdb_type(column.type)} AS {column.name}" for column in spec.columns)
    held = "" if parameter is None else f" UNION ALL BY NAME SELECT * FROM {_ALL_ROWS}"
    return f"(SELECT {no_row} WHERE FALSE{held})".replace("$files", f"${parameter}")


def duckdb_type(delta_type: DeltaType) -> str:
    """Return DuckDB's name of a type."""
    if not isinstance(delta_type, dict):
        return _DUCKDB_TYPES.get(delta_type, delta_type)  # a decimal is spelt alike in both
    if delta_type["type"] == "array":
        return f"{duckdb_type(delta_type['elementType'])}[]"
    fields = [f'"{field["name"]}" {duckdb_type(field["type"])}' for field in delta_type["fields"]]
    return f"STRUCT({', '.join(fields)})"
