"""Program of the Procfile: started with a log of its own, killed when the demo ends, stopped cleanly."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from honcho.environ import parse_procfile

from streaming.broker import parent_death_exec

PROCFILE = Path(__file__).with_name("Procfile")
LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and the log of its output."""

    name: str
    process: subprocess.Popen[bytes]
    log_path: Path

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def log_text(self) -> str:
        return self.log_path.read_text(errors="replace")

    def log_tail(self) -> str:
        return "\n".join(self.log_text().splitlines()[-LOG_TAIL_LINES:])

    def request_stop(self) -> None:
        """Send SIGTERM, without waiting."""
        if not self.has_ended:
            self.process.send_signal(signal.SIGTERM)

    def stop(self, timeout_seconds: float) -> None:
        """Terminate the program, and after so long kill it and its children."""
        self.request_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout_seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Return {name: command} in the file's order; `python` is the interpreter that runs the demo."""
    processes = parse_procfile(path.read_text(encoding="utf-8")).processes
    commands = {name: shlex.split(command) for name, command in processes.items()}
    return {
        name: [sys.executable if word == "python" else word for word in words]
        for name, words in commands.items()
    }


def start_program(name: str, command: list[str], *, environ: Mapping[str, str], log_dir: Path) -> Program:
    """Start a program in a session of its own, so that Ctrl-C reaches the demo alone, which stops all in order."""
    log_path = log_dir / f"{name}.log"
    bound = [sys.executable, "-I", "-S", parent_death_exec.__file__, str(os.getpid()), *command]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            bound, env=dict(environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return Program(name, process, log_path)
