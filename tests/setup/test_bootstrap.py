"""Bootstrap of the virtual environment, as far as it needs no network."""

import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_command_runs_by_the_python_beside_it(tmp_path: Path) -> None:
    write_command = runpy.run_path(str(ROOT / "setup" / "bootstrap.py"))["write_command"]
    (tmp_path / "python").symlink_to(sys.executable)

    command = write_command(tmp_path / "python")

    assert command == tmp_path / "cryptoviz"
    assert command.read_text().startswith(f"#!{tmp_path}/python\n")
    done = subprocess.run(
        [sys.executable, str(command), "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "cryptoviz COMMAND" in done.stdout
    assert command.stat().st_mode & 0o111 == 0o111
