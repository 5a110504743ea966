"""The virtual environment, from Python alone.

    python3 setup/bootstrap.py [LOCK]

Makes .venv, installs requirements.lock or another lock (hashes checked) and makes the project importable. Idempotent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"


def main(arguments: Sequence[str] = ()) -> int:
    lock = ROOT / arguments[0] if arguments else LOCK
    try:
        if not _works(PYTHON):
            _make_venv()
        _install(lock)
        _make_importable()
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        print(f"setup: `{command}` failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    return 0


def _works(python: Path) -> bool:
    """Whether the environment's Python runs, is new enough and has pip; its base may have gone away."""
    if not python.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def _make_venv() -> None:
    print(f"setup: making .venv with Python {sys.version_info.major}.{sys.version_info.minor}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)


def _install(lock: Path) -> None:
    print(f"setup: installing {lock.name}", flush=True)
    # A lock is complete, so nothing is left to resolve. PIP_USER would aim beside the environment.
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
    ]
    environ = {**os.environ, "PIP_USER": "0"}
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True, env=environ)


def _make_importable() -> None:
    """A .pth file instead of an editable install: no build, no network, the same effect."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True)
    Path(found.stdout.strip(), "cryptoviz.pth").write_text(f"{ROOT}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
