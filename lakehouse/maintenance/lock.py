"""Lock of a lake: one run of maintenance at a time, freed by the kernel however its holder ends.

Commits are compare-and-set anyway, so the lock saves work, not rows (except for a rebuild, which an expiry of bronze
must not overtake). It covers one machine; where several machines maintain a lake, the slower of two runs finds its
files replaced and leaves them.
"""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LockedError

_LOCK = "_maintenance/lock"


def lock_path(lake: LakeLocation, runtime_dir: Path) -> Path:
    """Return the lock's file: in the lake if that is a local folder, so that its users share it; else `runtime_dir`."""
    if lake.is_local:
        return lake.to_path() / _LOCK
    return runtime_dir / f"maintenance-{hashlib.sha256(lake.uri.encode()).hexdigest()[:16]}.lock"


@contextmanager
def held_lock(path: Path, *, command: str) -> Iterator[None]:
    """Hold the lock for the block. Raises: LockedError at once, naming the holder, where another run has it.

    The file stays and names its last holder; only the kernel's lock on it counts, so that a killed run holds nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, blocking=False, mode=0o644)
    try:
        lock.acquire()
    except Timeout as error:
        holder = path.read_text(encoding="utf-8", errors="replace")
        raise LockedError(holder=holder or "one that has just begun") from error
    since = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        holder = f"{command} pid={os.getpid()} host={socket.gethostname()} since={since}"
        path.write_text(holder, encoding="utf-8")
        yield
    finally:
        lock.release()
