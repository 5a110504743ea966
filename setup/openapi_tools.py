"""Tools of the tests that lint the OpenAPI document and generate clients of it, by their locks.

.venv/bin/python -m setup.openapi_tools
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from setup.viewer import ROOT, install_packages

LOCKS = ROOT / "tests" / "openapi_tools"
INSTALLED = ROOT / ".venv" / "openapi-tools"
NODE_FILES = ("package.json", "package-lock.json", ".npmrc")
PIP = (
    sys.executable,
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
    "--no-deps",
)


def main() -> int:
    """Install both kinds of packages, digests checked, and return an exit code."""
    shutil.rmtree(INSTALLED, ignore_errors=True)
    INSTALLED.mkdir()
    return _install_python(INSTALLED / "python") or _install_node(INSTALLED)


def _install_python(folder: Path) -> int:
    """Install into a folder of its own: the generator needs another Typer than the product has."""
    lock = str(LOCKS / "requirements.lock")
    return subprocess.run(
        [*PIP, "--require-hashes", "--target", str(folder), "-r", lock], check=False
    ).returncode


def _install_node(folder: Path) -> int:
    for name in NODE_FILES:
        shutil.copyfile(LOCKS / name, folder / name)
    return install_packages(folder, "linters and client generators of the OpenAPI document")


if __name__ == "__main__":
    sys.exit(main())
