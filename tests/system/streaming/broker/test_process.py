"""A child process that cannot outlive its parent."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streaming.broker import parent_death_exec
from streaming.broker.process import BoundProcess, end_process, is_running
from streaming.errors import BrokerError

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(600)"


def _sleeper(marker: str) -> list[str]:
    return [sys.executable, "-c", SLEEPER, marker]


def test_child_lives_on_when_the_thread_that_started_it_ends(tmp_path: Path) -> None:
    started: list[BoundProcess] = []
    thread = threading.Thread(
        target=lambda: started.append(BoundProcess(_sleeper("thread"), log_path=tmp_path / "log"))
    )
    thread.start()
    thread.join()

    ended = started[0].wait(0.3)

    assert not ended
    started[0].signal(signal.SIGKILL)
    assert started[0].wait(10)
    assert started[0].exit_code == -signal.SIGKILL


@pytest.mark.parametrize("how", ["prctl", "watcher"])
def test_child_dies_when_its_parent_is_killed(tmp_path: Path, how: str) -> None:
    if how == "prctl" and sys.platform != "linux":
        pytest.skip("PR_SET_PDEATHSIG is Linux's")
    marker = f"{tmp_path}-{how}"
    stub = Path(parent_death_exec.__file__).read_text(encoding="utf-8")
    if how == "watcher":
        stub = stub.replace('sys.platform == "linux"', "False")
    (tmp_path / "stub.py").write_text(stub, encoding="utf-8")
    parent_source = (
        "import os, subprocess, sys; "
        "subprocess.Popen([sys.executable, '-I', '-S', sys.argv[1], str(os.getpid()), *sys.argv[2:]]).wait()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_source, str(tmp_path / "stub.py"), *_sleeper(marker)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"

    parent.kill()
    parent.wait()

    # The pipe ends when the last process that holds it is gone: the child, and the watcher with it.
    assert parent.stdout.read() == b""
    parent.stdout.close()


def test_child_is_not_started_for_a_parent_that_is_gone(tmp_path: Path) -> None:
    nobody = 2**22 - 1
    command = [sys.executable, "-I", "-S", parent_death_exec.__file__, str(nobody), *_sleeper("orphan")]

    ran = subprocess.run(command, capture_output=True, timeout=180, check=False)

    assert (ran.returncode, ran.stdout) == (1, b"")


def test_pid_of_another_program_is_not_taken_for_ours() -> None:
    assert not is_running(os.getpid(), marker="server.properties of a broker that was here before")


def test_process_that_ignores_the_signal_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.broker.process.GONE_SECONDS", 0.2)
    child = BoundProcess(_sleeper(str(tmp_path)), log_path=tmp_path / "log")

    with pytest.raises(BrokerError, match=r"did not end within .* SIGWINCH"):
        end_process(child.pid, marker=str(tmp_path), number=signal.SIGWINCH)

    end_process(child.pid, marker=str(tmp_path), number=signal.SIGKILL)
    assert child.wait(10)
