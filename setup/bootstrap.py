"""Virtual environment of the project, made with nothing but Python.

    python3 setup/bootstrap.py [LOCK]

Makes .venv, installs requirements.lock or another lock (hashes checked), makes the project importable and writes the
command `cryptoviz`. Idempotent.
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
COMMAND = """\
#!{python}
from cryptoviz.__main__ import start

start()
"""


def main(arguments: Sequence[str] = ()) -> int:
    lock = ROOT / arguments[0] if arguments else LOCK
    try:
        if not _works(PYTHON):
            _make_venv()
        _install(lock)
        _make_importable()
        write_command(PYTHON)
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        print(f"setup: `{command}` failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    return 0


def _works(python: Path) -> bool:
    """Return true where the environment's Python runs (its base may be gone), is new enough and has pip."""
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
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes")
    pip = [str(PYTHON), "-m", "pip", "install", *options, "-r", str(lock)]
    subprocess.run(pip, check=True, env={**os.environ, "PIP_USER": "0"})


def _make_importable() -> None:
    """Write a .pth file: the effect of an editable install without a build and a network."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True)
    Path(found.stdout.strip(), "cryptoviz.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def write_command(python: Path) -> Path:
    """Write the command `cryptoviz` beside an environment's Python, and return its path."""
    command = python.with_name("cryptoviz")
    command.write_text(COMMAND.format(python=python), encoding="utf-8")
    command.chmod(0o755)
    return command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
