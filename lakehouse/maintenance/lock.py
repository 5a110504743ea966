"""One run on a lake at a time: a lock that the kernel gives up when its holder dies, however it dies.

Commits are compare-and-set anyway, so the lock spares work, not rows (a rebuild apart, which an expiry of bronze must
not overtake). It covers one machine; on a lake that several
machines maintain, the slower of two that meet finds its files replaced and leaves them.
"""

import fcntl
import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LockedError

_LOCK = "_maintenance/lock"


def lock_path(lake: LakeLocation, runtime_dir: Path) -> Path:
    """In the lake where that is a local folder, so that every user of the folder meets there; else among run files."""
    if lake.is_local:
        return lake.to_path() / _LOCK
    return runtime_dir / f"maintenance-{hashlib.sha256(lake.uri.encode()).hexdigest()[:16]}.lock"


@contextmanager
def held_lock(path: Path, *, command: str) -> Iterator[None]:
    """Holds the lock. Raises LockedError at once, naming the holder, where another has it.

    The file stays: what counts is the kernel's lock on it, so that one left by a killed run is free.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(holder=_read(descriptor)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _holder(command).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(command: str) -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"{command} pid={os.getpid()} host={socket.gethostname()} since={since}"


def _read(descriptor: int) -> str:
    return os.pread(descriptor, 1_000, 0).decode(errors="replace") or "one that has just begun"
