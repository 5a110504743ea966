"""DuckDB for work on whole tables: within a bound of memory, and on disk beyond it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from lakehouse.duckdb_session import padded_rows
from lakehouse.table_spec import TableSpec

MEMORY_LIMIT = "400MB"


@contextmanager
def bounded_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of one's own, in UTC; what it spilled is gone when it is closed."""
    with tempfile.TemporaryDirectory(prefix="compaction-") as spill:
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": spill,
                "preserve_insertion_order": False,
            },
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


def rows_of(spec: TableSpec, parameter: str, *, n_files: int) -> str:
    """A table's rows in the files bound as a parameter, with all its columns; no rows without files."""
    rows = padded_rows(spec)
    if not n_files:
        return rows.replace("UNION ALL BY NAME SELECT * FROM read_parquet($files, union_by_name = true)", "")
    return rows.replace("$files", f"${parameter}")
