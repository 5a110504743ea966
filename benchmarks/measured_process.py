"""Cost of a process and its children: seconds, the highest resident memory together, bytes read and written."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig import children_of, family, resident_bytes

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``read_bytes`` and ``written_bytes`` count what went through system calls, from memory or disk alike."""

    seconds: float
    peak_bytes: int
    read_bytes: int
    written_bytes: int
    output: str


def run_measured(*arguments: str) -> Cost:
    """Run `python -m ARGUMENTS` to its end; raise CalledProcessError where it fails."""
    command = [sys.executable, "-m", *arguments]
    started, peak_bytes = time.monotonic(), 0
    moved: dict[int, tuple[int, int]] = {}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while process.poll() is None:
        pids = list(family(process.pid, children_of()))
        peak_bytes = max(peak_bytes, sum(map(resident_bytes, pids)))
        for pid in pids:
            moved[pid] = _moved(pid) or moved.get(pid, (0, 0))
        time.sleep(SAMPLE_SECONDS)
    seconds = time.monotonic() - started
    output = process.stdout.read() if process.stdout is not None else ""
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(
        seconds=seconds,
        peak_bytes=peak_bytes,
        read_bytes=sum(read for read, _ in moved.values()),
        written_bytes=sum(written for _, written in moved.values()),
        output=output,
    )


def _moved(pid: int) -> tuple[int, int] | None:
    try:
        lines = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return int(lines["rchar"]), int(lines["wchar"])
