"""Cost of a store beside time: memory of its processes, bytes of its files; eviction of files from memory."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig import children_of, family

SAMPLE_SECONDS = 0.1
_BLOCK_BYTES = 512  # of st_blocks, whatever the file system's are


@dataclass(slots=True)
class Peak:
    """The most that a process and its children had resident, shared pages counted once; and without pages of files."""

    n_bytes: int = 0
    own_bytes: int = 0


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Sample the memory of a process and its children until the block ends."""
    peak, ended = Peak(), threading.Event()

    def sample() -> None:
        while True:
            parts = [_proportional_bytes(member) for member in family(pid, children_of())]
            peak.n_bytes = max(peak.n_bytes, sum(part["Pss"] for part in parts))
            own = sum(part["Pss_Anon"] + part["Pss_Shmem"] for part in parts)
            peak.own_bytes = max(peak.own_bytes, own)
            if ended.wait(SAMPLE_SECONDS):
                return

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield peak
    finally:
        ended.set()
        sampler.join()


def _proportional_bytes(pid: int) -> dict[str, int]:
    parts = {"Pss": 0, "Pss_Anon": 0, "Pss_Shmem": 0}
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return parts
    return parts | {name: int(value.split()[0]) * 1024 for name, value in (line.split(":") for line in lines)}


def disk_bytes(folders: Iterable[Path]) -> int:
    """Return the bytes that the files occupy on disk; holes in them occupy none."""
    return sum(path.stat().st_blocks * _BLOCK_BYTES for path in _files(folders))


def evict(folder: Path) -> None:
    """Asks the kernel to forget the folder's pages, so that the next read is from the disk."""
    os.sync()
    for path in _files([folder]):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    return (path for folder in folders for path in folder.rglob("*") if path.is_file())
