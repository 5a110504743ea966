"""DuckDB for work on whole tables: within a bound of memory, and on disk beyond it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY_LIMIT = "400MB"
_SPILL = "cryptoviz-compaction-"


@contextmanager
def bounded_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of one's own, in UTC. What it spilled is gone when it is closed, or with the next one."""
    _remove_stale_spill_dirs()
    with tempfile.TemporaryDirectory(prefix=f"{_SPILL}{os.getpid()}-") as spill:
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


def _remove_stale_spill_dirs() -> None:
    """A killed process leaves its folder behind; its number is in the name."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SPILL}*-*"):
        number = folder.name.removeprefix(_SPILL).partition("-")[0]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
