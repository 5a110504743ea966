"""`manage.py` in a process of its own, on the metadata of a runtime folder."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def manage(runtime_dir: Path, *arguments: str) -> str:
    """What it prints; fails the test where it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_code(runtime_dir: Path, code: str) -> str:
    return manage(runtime_dir, "shell", "--no-imports", "-c", code)
