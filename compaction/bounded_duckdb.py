"""DuckDB for work on whole tables: bounded memory, and spilling to disk beyond it."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

MEMORY_LIMIT = "400MB"
_PREFIX = "cryptoviz-compaction-"


@contextmanager
def bounded_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection of its own, in UTC, with a folder for the files that it spills."""
    with _spill_folder() as folder:
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(folder),
                "preserve_insertion_order": False,
            },
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


@contextmanager
def _spill_folder() -> Iterator[Path]:
    """Create a folder, locked while in use and removed afterwards; remove those of processes that were killed."""
    parent = Path(tempfile.gettempdir())
    for lock in parent.glob(f"{_PREFIX}*.lock"):
        with suppress(Timeout, OSError), FileLock(lock, blocking=False):  # in use, or another user's
            _remove(lock)
    lock = parent / f"{_PREFIX}{uuid.uuid4().hex}.lock"
    with FileLock(lock):
        lock.with_suffix("").mkdir()
        try:
            yield lock.with_suffix("")
        finally:
            _remove(lock)


def _remove(lock: Path) -> None:
    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    lock.unlink(missing_ok=True)
