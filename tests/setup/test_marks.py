"""Marks of the tests, and the guard of those that are marked ``unit``."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

THIS_FILE = Path(__file__)
NO_FILE = THIS_FILE.with_suffix(".missing")


@pytest.mark.parametrize(
    "change",
    [
        lambda: THIS_FILE.with_suffix(".txt").write_text("x"),
        lambda: os.close(os.open(THIS_FILE.with_suffix(".txt"), os.O_CREAT | os.O_WRONLY)),
        lambda: NO_FILE.rename(THIS_FILE.with_suffix(".txt")),
        lambda: NO_FILE.unlink(),
        lambda: tempfile.mkdtemp(),
        lambda: sqlite3.connect(THIS_FILE.with_suffix(".sqlite3")),
        lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {}),
    ],
)
def test_unit_test_that_changes_a_file_or_starts_a_process_fails(change: Callable[[], object]) -> None:
    with pytest.raises(pytest.fail.Exception, match="a unit test"):
        change()


def test_unit_test_reads_files_and_has_a_database_in_memory() -> None:
    with sqlite3.connect(":memory:") as database:
        assert database.execute("SELECT 1").fetchone() == (1,)
    assert THIS_FILE.read_text().startswith('"""Marks')


def test_test_without_a_disk_fixture_is_unit(request: pytest.FixtureRequest) -> None:
    assert [mark.name for mark in request.node.iter_markers()] == ["unit"]


def test_test_with_a_folder_of_its_own_is_lake(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert [mark.name for mark in request.node.iter_markers()] == ["lake"]
    (tmp_path / "file").write_text("written")
