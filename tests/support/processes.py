"""Child processes of tests and benchmarks: a clean environment, a log file, waiting, signals, restarts."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0
STOP_SECONDS = 60.0
TAIL_CHARS = 2_000
_POLL_SECONDS = 0.02


def clean_environ(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without its settings of the project, and with ``variables``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    return inherited | {"PYTHONUNBUFFERED": "1"} | dict(variables or {})


def kill_session(leader_pid: int) -> None:
    """Kill the processes of a session with SIGKILL, at once; Spark's JVM has another process group than its driver."""
    subprocess.run(["pkill", "-KILL", "-s", str(leader_pid)], check=False)


class ChildProcess:
    """A command in a session of its own; what it prints is appended to a log file."""

    def __init__(
        self, command: Sequence[str], *, log_path: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.log_path = log_path
        self._command = list(command)
        self._environ = dict(environ or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start_bytes = 0

    @classmethod
    def of_module(
        cls, *arguments: str, log_path: Path, environ: Mapping[str, str] | None = None
    ) -> "ChildProcess":
        """Return `python -m ARGUMENTS`, which is not started yet."""
        return cls([sys.executable, "-m", *arguments], log_path=log_path, environ=environ)

    @property
    def pid(self) -> int:
        return self._started().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """All that it printed, over every start."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, **variables: str) -> None:
        """Start the command, or start it again; ``variables`` are added to its environment from now on."""
        self._environ |= variables
        with self.log_path.open("ab") as log:
            self._log_start_bytes = log.tell()
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=clean_environ(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_log(self, pattern: str, *, timeout_seconds: float = START_SECONDS) -> re.Match[str]:
        """Return the first match in what it printed since its last start.

        Raises:
            TimeoutError: it ended, or the time is over; the message holds the log's end.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            is_last = not self.is_running or time.monotonic() > deadline
            if match := re.search(pattern, self._log_since_start()):
                return match
            if is_last:
                raise TimeoutError(f"{self._name()} never printed {pattern!r}: {self.log[-TAIL_CHARS:]}")
            time.sleep(_POLL_SECONDS)

    def wait_port(self, port: int, *, timeout_seconds: float = START_SECONDS) -> None:
        """Return once it listens on a port of this machine; raise TimeoutError as `wait_log` does."""
        deadline = time.monotonic() + timeout_seconds
        while not _is_listening(port):
            if not self.is_running or time.monotonic() > deadline:
                raise TimeoutError(f"{self._name()} never listened on {port}: {self.log[-TAIL_CHARS:]}")
            time.sleep(_POLL_SECONDS)

    def wait(self, timeout_seconds: float = STOP_SECONDS) -> int:
        """Return its exit code once it has ended; raise TimeoutError with the log's end."""
        try:
            return self._started().wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{self._name()} does not end: {self.log[-TAIL_CHARS:]}") from error

    def send_signal(self, number: int) -> None:
        self._started().send_signal(number)

    def stop(self, number: int = signal.SIGTERM, *, timeout_seconds: float = STOP_SECONDS) -> int:
        """Ask it to stop, and return its exit code."""
        self.send_signal(number)
        return self.wait(timeout_seconds)

    def kill(self) -> None:
        """Kill it and the processes it started with SIGKILL, at once."""
        kill_session(self.pid)
        self._started().wait()

    def end(self) -> None:
        """Kill it where it still runs."""
        if self.is_running:
            self.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self._name()} is not started")
        return self._process

    def _log_since_start(self) -> str:
        with self.log_path.open("rb") as log:
            log.seek(self._log_start_bytes)
            return log.read().decode(errors="replace")

    def _name(self) -> str:
        return " ".join(self._command[:4])


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
