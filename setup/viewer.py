"""Build of the viewer's page: packages from the npm registry by its lock, then a bundle in api/viewer/built.

.venv/bin/python setup/viewer.py packages    # packages of package-lock.json, digests checked
.venv/bin/python setup/viewer.py build       # sources to api/viewer/built, atomically
.venv/bin/python setup/viewer.py check       # types and unit tests
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "api" / "viewer" / "frontend"
BIN = Path(sys.executable).parent
N_ATTEMPTS = 3


def tool(name: str) -> str:
    """Return the path of a program beside this Python, else on the PATH: a build of the wheel has it there."""
    beside = BIN / name
    return str(beside) if beside.exists() else shutil.which(name) or name


NPM_CI = (tool("npm"), "ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error")
BUILD = (tool("node"), "build.ts")
COMPRESS = (sys.executable, "-m", "whitenoise.compress", "--quiet", "../built")
TYPES = (tool("node"), "node_modules/typescript/bin/tsc")
TESTS = (tool("node"), "--test", "--test-reporter=dot", "tests/*.test.ts")


def main() -> int:
    """Return the exit code of the step."""
    steps = {"packages": packages, "build": build, "check": check}
    if len(sys.argv) != 2 or sys.argv[1] not in steps:
        print(f"usage: viewer.py {'|'.join(steps)}", file=sys.stderr)
        return 2
    return steps[sys.argv[1]]()


def packages() -> int:
    """Install the viewer's node_modules."""
    return install_packages(FRONTEND, "the viewer's packages")


def install_packages(folder: Path, what: str) -> int:
    """Install node_modules of a folder from its lock, in up to N_ATTEMPTS attempts."""
    print(f"setup: installing {what}", flush=True)
    code = 1
    for attempt in range(1, N_ATTEMPTS + 1):
        code = _run(NPM_CI, folder)
        if code == 0:
            break
        print(f"setup: npm failed (attempt {attempt} of {N_ATTEMPTS})", file=sys.stderr, flush=True)
    return code


def build() -> int:
    """Bundle the page, and lay a compressed variant beside each file that gains from it."""
    return _run(BUILD) or _run(COMPRESS)


def check() -> int:
    """Check types, then run the unit tests."""
    return _run(TYPES) or _run(TESTS)


def _run(command: tuple[str, ...], folder: Path = FRONTEND) -> int:
    # The Node of the wheel comes before any other on the PATH.
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run(command, cwd=folder, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
