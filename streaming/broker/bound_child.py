"""A program that cannot outlive its parent: this file runs first, ties the knot, and becomes the program.

    python -I -S bound_child.py PARENT_PID PROGRAM [ARGUMENT...]

Linux kills it with its parent (PR_SET_PDEATHSIG, which survives exec); elsewhere a small fork watches.
"""

from __future__ import annotations

import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
WATCH_SECONDS = 0.5


def main() -> None:
    parent_pid = int(sys.argv[1])
    program = sys.argv[2:]
    if sys.platform == "linux":
        _die_with_parent()
    else:
        _fork_watcher(parent_pid)
    if os.getppid() != parent_pid:  # It died before the knot was tied.
        sys.exit(1)
    os.execv(program[0], program)


def _die_with_parent() -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def _fork_watcher(parent_pid: int) -> None:
    own_pid = os.getpid()
    if os.fork() != 0:
        return
    while os.getppid() == own_pid:
        if not _is_alive(parent_pid):
            os.kill(own_pid, signal.SIGKILL)
        time.sleep(WATCH_SECONDS)
    os._exit(0)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
