"""Refusal of `make clean` while a demo runs: `python3 setup/running_demo.py`. Needs Python alone."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / ".runtime" / "demo" / "demo.lock"


def main(lock: Path = LOCK) -> int:
    """Return 1, and say so, where a demo holds its lock; the kernel frees it however the demo ends."""
    if not lock.exists():
        return 0
    with lock.open("r+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"clean: a demo runs ({file.read().strip()}): stop it with Ctrl-C first", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
