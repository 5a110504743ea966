"""System packages: found, installed through apt where that is allowed, or named in one line.

python3 setup/system_packages.py setup    # Python's venv module and a JDK
python3 setup/system_packages.py test     # and those of the tests: Chromium, its driver, Redis, Prometheus,
                                          # libfaketime
python3 setup/system_packages.py http     # and the load generator of `make bench-http`: wrk
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class SystemPackage:
    """A dependency, its check, and its Debian package."""

    name: str
    is_there: Callable[[], bool]
    debian: str


def main() -> int:
    purposes = {
        "setup": (VENV, JDK),
        "test": (VENV, JDK, CHROMIUM, CHROMEDRIVER, REDIS, PROMETHEUS, FAKETIME),
        "http": (VENV, JDK, WRK),
    }
    if len(sys.argv) != 2 or sys.argv[1] not in purposes:
        print(f"usage: system_packages.py {'|'.join(purposes)}", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older one learns it
        found = ".".join(map(str, sys.version_info[:3]))
        print(
            f"setup: Python 3.11 or newer is needed, {sys.executable} is {found}; "
            "with another one: make setup PYTHON=/path/to/it",
            file=sys.stderr,
        )
        return 1
    needed = purposes[sys.argv[1]]
    missing = [package for package in needed if not package.is_there()]
    if missing and _has_apt():
        _install([package.debian for package in missing])
        missing = [package for package in needed if not package.is_there()]
    if missing:
        names = ", ".join(package.name for package in missing)
        packages = " ".join(package.debian for package in missing)
        print(
            f"setup: missing: {names}; on Debian or Ubuntu: sudo apt-get install {packages}", file=sys.stderr
        )
        return 1
    return 0


def _install(packages: list[str]) -> None:
    print(f"setup: installing {' '.join(packages)}", flush=True)
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    # RUNLEVEL=1: a server that is installed is not started; the tests start their own.
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    apt = [*as_root, *environment, "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"]
    subprocess.run([*apt, "update"], stdout=subprocess.DEVNULL, check=False)
    subprocess.run(
        [*apt, "install", "-y", "--no-install-recommends", *packages], stdout=subprocess.DEVNULL, check=False
    )


def _has_apt() -> bool:
    """Return whether apt may be used without a password: as root, or with a sudo that needs no password."""
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() == 0:
        return True
    if shutil.which("sudo") is None:
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def _has_jdk() -> bool:
    from streaming.errors import (
        JavaNotFoundError,
    )  # An older Python must get as far as the line that names it.
    from streaming.spark.java import find_jdk

    try:
        find_jdk()
    except JavaNotFoundError:
        return False
    return True


def _has_venv() -> bool:
    return (ROOT / ".venv" / "bin" / "python").exists() or importlib.util.find_spec("ensurepip") is not None


def _has_program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


VENV = SystemPackage("Python's venv module", _has_venv, "python3-venv")
JDK = SystemPackage("a JDK 17 or 21", _has_jdk, "openjdk-17-jdk-headless")
CHROMIUM = SystemPackage("Chromium", _has_program(*CHROMIUMS), "chromium")
CHROMEDRIVER = SystemPackage("ChromeDriver", _has_program("chromedriver"), "chromium-driver")
REDIS = SystemPackage("Redis", _has_program("redis-server"), "redis-server")
PROMETHEUS = SystemPackage("Prometheus", _has_program("promtool"), "prometheus")
FAKETIME = SystemPackage("libfaketime", _has_program("faketime"), "faketime")
WRK = SystemPackage("wrk", _has_program("wrk"), "wrk")

if __name__ == "__main__":
    sys.exit(main())
