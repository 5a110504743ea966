"""Files of a program are its user's alone, whatever umask it was started with, unless the operator says otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.errors import SettingError
from lakehouse.process.private_files import restrict_file
from lakehouse.process.settings import Settings

ROOT = Path(__file__).parents[3]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize(("umask", "file", "folder"), [("", 0o600, 0o700), ("027", 0o640, 0o750)])
def test_files_that_a_program_makes(tmp_path: Path, umask: str, file: int, folder: int) -> None:
    runtime = tmp_path / "runtime"
    environ = os.environ | {"CRYPTOVIZ_RUNTIME_DIR": str(runtime), "CRYPTOVIZ_UMASK": umask}
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, umask=0o022)
    made = modes(runtime)
    assert made["runtime"] == folder
    assert made["metadata.sqlite3"] == file
    assert made["secret_key"] == 0o600


@pytest.mark.parametrize(
    ("before", "umask", "after"),
    [(0o644, "077", 0o600), (0o644, "027", 0o640), (0o600, "027", 0o600), (0o400, "077", 0o400)],
)
def test_a_file_of_an_earlier_version_is_restricted(
    tmp_path: Path, before: int, umask: str, after: int
) -> None:
    path = tmp_path / "metadata.sqlite3"
    path.touch()
    path.chmod(before)
    restrict_file(path, umask)
    assert path.stat().st_mode & 0o777 == after
    restrict_file(tmp_path / "absent", umask)


@pytest.mark.parametrize("text", ["77", "888", "0o77", "-077", "0777777", "rwx"])
def test_a_wrong_umask_is_named(text: str) -> None:
    with pytest.raises(SettingError, match="CRYPTOVIZ_UMASK"):
        Settings.from_environ({"CRYPTOVIZ_UMASK": text})
