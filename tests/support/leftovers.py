"""Processes that a test run has started and left behind."""

import os
import time
import uuid
from pathlib import Path

VARIABLE = "TEST_RUN_ID"
WAIT_SECONDS = 10.0


def mark_this_run() -> bool:
    """Name this run in the environment, which every process inherits that a test starts.

    Return whether it has no name yet: a run that a test starts belongs to the run of that test.
    """
    is_outermost = VARIABLE not in os.environ
    os.environ.setdefault(VARIABLE, uuid.uuid4().hex)
    return is_outermost


def wait_for_leftovers() -> list[str]:
    """Return the commands of processes of this run that still run after some seconds, with their ids."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (leftovers := _leftovers()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return leftovers


def _leftovers() -> list[str]:
    mark = f"{VARIABLE}={os.environ[VARIABLE]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) == os.getpid() or mark not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended, or is another user's
            continue
        if command:  # a zombie has none
            found.append(f"pid={folder.name} {command[:200]}")
    return found
