"""What DuckDB spills does not outlive whoever spilled it for long."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from compaction.bounded_duckdb import bounded_connection


def test_spill_of_a_killed_process_goes_with_the_next_connection_and_that_of_a_living_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    folders = [tmp_path / f"cryptoviz-compaction-{process.pid}-abc" for process in (dead, living)]
    for folder in folders:
        folder.mkdir()

    with bounded_connection() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]

    assert [folder.exists() for folder in folders] == [False, True]
    assert list(tmp_path.iterdir()) == [folders[1]]
    living.communicate(b"\n", timeout=30)
