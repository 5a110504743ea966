"""Files that DuckDB spills: removed with their connection, or with the next one after a kill."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from compaction.bounded_duckdb import bounded_connection

ROOT = Path(__file__).parents[2]
_HOLDER = """
from compaction.bounded_duckdb import bounded_connection
with bounded_connection() as connection:
    print(*connection.execute("SELECT current_setting('temp_directory')").fetchone(), flush=True)
    input()
"""


def start_holder(folder: Path) -> tuple["subprocess.Popen[str]", Path]:
    """Start a process that holds a connection; return it and the folder of its spilled files."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER],
        cwd=ROOT,
        env={"TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_spill_of_a_killed_process_goes_with_the_next_connection_and_that_of_a_living_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, dead_folder = start_holder(tmp_path)
    living, living_folder = start_holder(tmp_path)
    dead.kill()
    dead.communicate(timeout=30)
    assert [folder.parent for folder in (dead_folder, living_folder)] == [tmp_path, tmp_path]
    assert [folder.exists() for folder in (dead_folder, living_folder)] == [True, True]

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with bounded_connection() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]

    assert [folder.exists() for folder in (dead_folder, living_folder)] == [False, True]
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {living_folder.name}
    living.communicate("\n", timeout=30)
    assert list(tmp_path.iterdir()) == []
