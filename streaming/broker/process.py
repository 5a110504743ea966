"""Processes of the broker: started so that they end with this one, and found again after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from streaming.broker import parent_death_exec
from streaming.errors import BrokerError

GONE_SECONDS = 15.0
POLL_SECONDS = 0.05


class BoundProcess:
    """Child process that is killed when this one ends, however that happens.

    Linux binds a child to the *thread* that started it: a thread of its own starts it and stays until it ends.
    """

    def __init__(self, command: Sequence[str], *, log_path: Path) -> None:
        self._command = [sys.executable, "-I", "-S", parent_death_exec.__file__, str(os.getpid()), *command]
        self._log_path = log_path
        self._popen: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        self._started = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._start_and_wait, name="bound-process", daemon=True).start()
        self._started.wait()
        if self._popen is None:
            raise BrokerError(f"cannot start {command[0]}: {self._failure}") from self._failure

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        assert self._popen is not None
        return self._popen.returncode if self._ended.is_set() else None

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Return whether it has ended, after waiting for that at most so long."""
        return self._ended.wait(timeout_seconds)

    def signal(self, number: signal.Signals) -> None:
        assert self._popen is not None
        if not self._ended.is_set():
            self._popen.send_signal(number)

    def _start_and_wait(self) -> None:
        try:
            with self._log_path.open("wb") as log:
                self._popen = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C in a terminal reaches this process only, which then stops the child.
                    start_new_session=True,
                )
        except OSError as error:
            self._failure = error
            self._started.set()
            return
        self._started.set()
        self._popen.wait()
        self._ended.set()


def is_running(pid: int, *, marker: str) -> bool:
    """Return whether `pid` is alive and its command line names `marker`: by now the pid may be another program's."""
    return any(marker in argument for argument in _read_command(pid))


def end_process(pid: int, *, marker: str, number: signal.Signals) -> None:
    """Signal a process of ours and return when it is gone.

    Raises: BrokerError if it stays.
    """
    deadline = time.monotonic() + GONE_SECONDS
    if not is_running(pid, marker=marker):
        return
    os.kill(pid, number)
    while is_running(pid, marker=marker):
        if time.monotonic() > deadline:
            raise BrokerError(f"process {pid} did not end within {GONE_SECONDS:.0f} s of {number.name}")
        time.sleep(POLL_SECONDS)


def _read_command(pid: int) -> list[str]:
    """Return the arguments of a live process; none if it is gone or a zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return []
    ps = subprocess.run(
        ["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return [ps.stdout] if ps.returncode == 0 else []
