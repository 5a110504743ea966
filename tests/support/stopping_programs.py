"""Programs that a test runs until a state, signals, and expects to end cleanly."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import kill_session
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 20.0
DEAD_BROKER = "127.0.0.1:1"
TO_PROCESS, TO_GROUP = ("process", signal.SIGTERM), ("group", signal.SIGINT)
Sent = tuple[str, signal.Signals]
UNWELCOME = ("Traceback", "nanobind", "Exception ignored", "Exception in thread", "starting again")


@dataclass(frozen=True)
class Running:
    """A program in a process group of its own, and what it has printed."""

    process: subprocess.Popen[bytes]
    log_path: Path

    def log_text(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_for(self, is_there: Callable[["Running"], bool], what: str) -> None:
        def is_there_or_ended() -> bool:
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log_text()}"
            return is_there(self)

        wait_until(is_there_or_ended, what, describe_state=self.log_text)

    def n_left(self) -> int:
        """Return how many processes of the group are alive."""
        listed = subprocess.run(
            ["ps", "-o", "stat=", "-g", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        return sum(not state.startswith("Z") for state in listed)


@contextmanager
def running(tmp_path: Path, *command: str, **environ: str) -> Iterator[Running]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    log_path = tmp_path / "program.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=clean | {"CRYPTOVIZ_RUNTIME_DIR": str(tmp_path / "runtime")} | environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Running(process, log_path)
    finally:
        if process.poll() is None:
            kill_session(process.pid)
            process.wait()


def running_source(tmp_path: Path, source: str) -> AbstractContextManager[Running]:
    """Run the source of a program."""
    (tmp_path / "program.py").write_text(source)
    return running(tmp_path, "program", PYTHONPATH=f"{tmp_path}:{ROOT}")


def assert_stops(program: Running, sent: Sent) -> None:
    to, number = sent
    (os.killpg if to == "group" else os.kill)(program.process.pid, number)
    try:
        code = program.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.fail(f"it runs on {STOP_SECONDS:.0f} s after {number.name}: {program.log_text()}")
    assert code == 0, program.log_text()
    wait_until(lambda: program.n_left() == 0, "the end of what it started", timeout_seconds=10)
    assert not [text for text in UNWELCOME if text in program.log_text()], program.log_text()


def prints(text: str) -> Callable[[Running], bool]:
    return lambda program: text in program.log_text()


def has_jvm(program: Running) -> bool:
    command = ["pgrep", "-P", str(program.process.pid), "java"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
