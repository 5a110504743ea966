"""The doctor sees the programs of the pipeline by their command lines, and addresses that do not answer."""

import socket
from pathlib import Path

import pytest

from lakehouse.process.metrics import MetricsAddress
from streaming.doctor import processes
from streaming.doctor.findings import OK, WARN
from streaming.doctor.processes import examine_processes, find_programs


def start(proc: Path, pid: int, *arguments: str, parent: int = 1, name: str = "python") -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes("\0".join(arguments).encode() + b"\0")
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} {pid} {pid} 0 -1")


@pytest.mark.lake
def test_programs_are_found_however_they_were_started(tmp_path: Path) -> None:
    start(tmp_path, 10, "/venv/bin/python", "-m", "streaming.ingest", "run")
    start(tmp_path, 11, "/venv/bin/python", "/venv/bin/cryptoviz", "analysis", "run")
    start(tmp_path, 12, "python3.11", "-X", "dev", "-m", "api")
    start(tmp_path, 13, "python3.11", "-X", "dev", "-m", "api", parent=12, name="a (worker) S 1")
    start(tmp_path, 14, "python", "-m", "streaming.collect", "news")
    start(tmp_path, 15, "python", "-m", "streaming.collect", "prices")
    start(tmp_path, 16, "vim", "streaming/ingest.py")
    start(tmp_path, 17, "python", "-m", "streaming.doctor")
    (tmp_path / "18").mkdir()
    (tmp_path / "self").mkdir()

    assert find_programs(tmp_path) == {
        "streaming.ingest": [10],
        "streaming.analysis": [11],
        "streaming.collect": [14, 15],
        "api": [12],
    }


@pytest.mark.lake
def test_machine_without_a_program_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    (none,) = examine_processes({})
    assert (none.what, none.level) == ("processes", WARN)
    start(tmp_path, 7, "python", "-m", "streaming", "run")
    (found,) = examine_processes({})
    assert (found.level, found.detail) == (OK, "ingestion and analysis (pid 7)")


def test_metrics_address_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path / "absent")
    with socket.socket() as listening, socket.socket() as closed:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        closed.bind(("127.0.0.1", 0))
        ports = [taken.getsockname()[1] for taken in (listening, closed)]
        found = list(
            examine_processes(
                {
                    name: MetricsAddress("127.0.0.1", port)
                    for name, port in zip(("stream", "news"), ports, strict=True)
                }
            )
        )

    assert [(finding.what, finding.level) for finding in found] == [("metrics", OK), ("metrics", WARN)]
    assert found[1].detail == f"news at 127.0.0.1:{ports[1]} does not answer"
