"""Supervision in the demo: what ends is started again, what cannot start ends the demo; one demo a folder."""

import os
import signal
import sys
from pathlib import Path

import pytest

from demo import __main__ as command_line
from demo import program as programs
from demo.program import MAX_EARLY_ENDS, Program
from lakehouse.maintenance.lock import held_lock
from setup import running_demo
from tests.support.python_command import run_python
from tests.support.waiting import wait_until

pytestmark = pytest.mark.lake

WAITS = "import time; print('started', flush=True); time.sleep(600)"


def start(folder: Path, code: str) -> Program:
    return Program("stream", [sys.executable, "-c", code], environ=dict(os.environ), log_dir=folder)


@pytest.mark.parametrize(
    ("code", "signalled", "end"),
    [
        (WAITS, signal.SIGKILL, "killed by SIGKILL"),
        (WAITS, signal.SIGTERM, "killed by SIGTERM"),
        ("raise SystemExit(3)", None, "ended with exit code 3"),
        ("", None, "ended with exit code 0"),
    ],
)
def test_the_end_of_a_program_is_named(
    tmp_path: Path, code: str, signalled: signal.Signals | None, end: str
) -> None:
    program = start(tmp_path, code)
    if signalled is not None:
        wait_until(lambda: "started" in program.log_text(), "the start")
        os.kill(program.pid, signalled)
    wait_until(lambda: program.has_ended, "the end")
    assert program.end == end


def test_a_killed_program_is_started_again_and_its_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "EARLY_SECONDS", 0.0)
    program = start(tmp_path, WAITS)
    try:
        for n_starts in range(1, MAX_EARLY_ENDS + 2):
            wait_until(lambda n=n_starts: program.log_text().count("started") == n, "the start")
            os.kill(program.pid, signal.SIGKILL)
            wait_until(lambda: program.has_ended, "the end")
            program.restart()
        assert not program.fails_at_start
    finally:
        program.stop(10.0)


def test_a_program_that_cannot_start_is_given_up(tmp_path: Path) -> None:
    program = start(tmp_path, "print('no port'); raise SystemExit(1)")
    for _ in range(MAX_EARLY_ENDS):
        assert not program.fails_at_start
        wait_until(lambda: program.has_ended, "the end")
        program.restart()
    assert program.fails_at_start
    assert "no port" in program.log_tail()
    program.stop(10.0)


def test_a_second_demo_names_the_first_and_touches_nothing(tmp_path: Path) -> None:
    with held_lock(tmp_path / command_line.LOCK_NAME, command="demo"):
        before = sorted(tmp_path.rglob("*"))
        done = run_python("-m", "demo", "--seconds", "1", environ={"CRYPTOVIZ_RUNTIME_DIR": str(tmp_path)})
        assert (done.returncode, done.stdout) == (75, "")
        assert f"a demo already runs in {tmp_path}: demo pid={os.getpid()}" in done.stderr
        assert sorted(tmp_path.rglob("*")) == before


def test_clean_refuses_while_a_demo_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / command_line.LOCK_NAME
    assert running_demo.main(lock) == 0
    with held_lock(lock, command="demo"):
        assert running_demo.main(lock) == 1
        assert f"demo pid={os.getpid()}" in capsys.readouterr().err
    assert running_demo.main(lock) == 0
    assert running_demo.LOCK.name == command_line.LOCK_NAME
    assert running_demo.LOCK.parent == Path(command_line.DEFAULT_RUNTIME_DIR).resolve()
