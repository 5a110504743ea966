"""Program of the Procfile: started with a log of its own, killed when the demo ends, stopped cleanly."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse_procfile

from streaming.broker import parent_death_exec

PROCFILE = Path(__file__).with_name("Procfile")
LOG_TAIL_LINES = 15
EARLY_SECONDS = 15.0
"""A program that ends so soon after its start has failed at it."""
MAX_EARLY_ENDS = 3


class Program:
    """A program in a session of its own, so that Ctrl-C reaches the demo alone, which stops all in order.

    Its log goes on over restarts, which take its ``environ`` as it is then.
    """

    def __init__(self, name: str, command: list[str], *, environ: Mapping[str, str], log_dir: Path) -> None:
        self.name = name
        self.log_path = log_dir / f"{name}.log"
        self._command = command
        self.environ = dict(environ)
        self._n_early_ends = 0
        self.log_path.write_bytes(b"")
        self._start()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def end(self) -> str:
        """How it ended, in words: its exit code or the signal."""
        code = self._process.poll() or 0
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    @property
    def fails_at_start(self) -> bool:
        """True once it has ended soon after its start a few times in a row."""
        return self._n_early_ends >= MAX_EARLY_ENDS

    def restart(self) -> None:
        """Start it again after its end, and count ends that came early; children that it left are killed."""
        is_early = time.monotonic() - self._start_time < EARLY_SECONDS
        self._n_early_ends = self._n_early_ends + 1 if is_early else 0
        self._kill_session()
        self._start()

    def log_text(self) -> str:
        return self.log_path.read_text(errors="replace")

    def log_tail(self) -> str:
        return "\n".join(self.log_text().splitlines()[-LOG_TAIL_LINES:])

    def request_stop(self) -> None:
        """Send SIGTERM, without waiting."""
        if not self.has_ended:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, timeout_seconds: float) -> None:
        """Terminate the program, and after so long kill it and its children."""
        self.request_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_seconds)
        self._kill_session()
        self._process.wait()

    def _start(self) -> None:
        bound = [sys.executable, "-I", "-S", parent_death_exec.__file__, str(os.getpid()), *self._command]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                bound,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._start_time = time.monotonic()

    def _kill_session(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Return {name: command} in the file's order; `python` is the interpreter that runs the demo."""
    processes = parse_procfile(path.read_text(encoding="utf-8")).processes
    commands = {name: shlex.split(command) for name, command in processes.items()}
    return {
        name: [sys.executable if word == "python" else word for word in words]
        for name, words in commands.items()
    }
