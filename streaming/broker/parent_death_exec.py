"""Launcher that becomes a program which is killed when its parent exits.

    python -I -S parent_death_exec.py PARENT_PID PROGRAM [ARGUMENT...]

On Linux the kernel does it (PR_SET_PDEATHSIG, which survives exec); elsewhere a small fork watches the parent.
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
        _set_parent_death_signal()
    else:
        _fork_watcher(parent_pid)
    if os.getppid() != parent_pid:  # It exited before the signal was set.
        sys.exit(1)
    os.execv(program[0], program)


def _set_parent_death_signal() -> None:
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
