"""The commands as processes: output, exit codes, records, and that two never overlap."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compaction.errors import ClockError, RetentionError
from compaction.retention.checkpoint import checkpoint_lake
from compaction.retention.vacuum import vacuum_lake
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, open_table
from lakehouse.errors import LockedError
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.maintenance.runs import begin_run, end_interrupted_runs, read_runs
from lakehouse.schema.spec import RETENTION_HOURS, to_retention_properties
from lakehouse.schema.tables import GOLD_PRICE
from tests.support.lake_builder import LakeBuilder, build_lake
from tests.support.python_command import run_python
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
DAYS_AGO = 5 * 86_400


def run_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "compaction", *arguments, "--lake", str(folder))


def _document(folder: Path, *arguments: str) -> Any:
    return json.loads(run_command(folder, *arguments, "--json").stdout)


def build_small_files(path: Path) -> LakeBuilder:
    builder = build_lake(path)
    for _ in range(8):
        builder.append("gold_price", [{}])
    return builder


def _age(builder: LakeBuilder, name: str) -> Path:
    """Make every file of a table look five days old; return its folder."""
    folder = builder.catalog.table_location(name, builder.build).to_path()
    for path in folder.rglob("*.parquet"):
        os.utime(path, (time.time() - DAYS_AGO,) * 2)
    return folder


def test_plan_says_what_and_why_and_changes_nothing(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    version = builder.open("gold_price").version()

    done = run_command(tmp_path, "plan")

    assert done.returncode == 0
    assert "compact gold_price 2026-01-10: 8 files of " in done.stdout
    assert "because: closed partition with 8 new files" in done.stdout
    assert builder.open("gold_price").version() == version
    assert not (tmp_path / "_maintenance").exists()


def test_run_does_what_the_plan_says_and_a_second_run_nothing(tmp_path: Path) -> None:
    build_small_files(tmp_path)
    (planned,) = _document(tmp_path, "plan")["compact"]
    (done,) = _document(tmp_path, "run")["compact"]
    again = _document(tmp_path, "run")
    assert (planned["table"], planned["n_files"], planned["n_rows"]) == ("gold_price", 8, 8)
    assert (done["table"], done["n_files"], done["n_files_after"]) == ("gold_price", 8, 1)
    assert (again["refresh"], again["compact"], again["checkpoint"]) == ([], [], [])
    assert "vacuum" not in again
    assert _document(tmp_path, "plan") == {"compact": [], "checkpoint": [], "expire": []}


def test_only_the_named_table_is_compacted(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for name in ("gold_price", "gold_price", "gold_sentiment", "gold_sentiment"):
        builder.append(name, [{}])
    done = _document(tmp_path, "compact", "--table", "gold_sentiment", "--now")["compact"]
    assert [entry["table"] for entry in done] == ["gold_sentiment"]


def test_lake_that_does_not_exist_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    done = run_command(tmp_path / "nowhere", "run")
    assert done.returncode == 1
    assert "lake does not exist" in done.stderr
    assert not (tmp_path / "nowhere" / "_maintenance").exists()


def test_command_beside_another_leaves_and_says_who_is_at_work(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    with held_lock(lock_path(builder.location, tmp_path), command="run"):
        done = run_command(tmp_path, "compact")
    assert done.returncode == 75
    assert f"another run is at work: run pid={os.getpid()}" in done.stderr
    assert len(builder.open("gold_price").file_uris()) == 8


def test_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = f"""
import pathlib, sys, time
from lakehouse.maintenance.lock import held_lock
with held_lock(pathlib.Path({str(path)!r}), command="run"):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(LockedError, match=f"run pid={holder.pid}"), held_lock(path, command="compact"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=30)
    with held_lock(path, command="compact"):
        assert path.read_text().startswith(f"compact pid={os.getpid()}")


def test_history_has_what_ran_and_its_figures(tmp_path: Path) -> None:
    build_small_files(tmp_path)
    run_command(tmp_path, "compact")
    (found,) = _document(tmp_path, "history")["runs"]
    assert (found["command"], found["exit_code"], found["error"]) == ("compact", 0, None)
    assert found["figures"] == {"n_rewrites": 1, "n_files_before": 8, "n_files_after": 1}


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)]
)
def test_run_that_a_signal_ends_is_in_the_history_as_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    builder = build_small_files(tmp_path)
    program = f"""
import pathlib, time
from compaction import runner
from compaction.service import TableService
from lakehouse.process.settings import Settings
service = TableService.open(Settings(), {str(tmp_path)!r})
def work():
    print("works", flush=True)
    time.sleep(60)
runner.run_recorded(service, "run", work)
"""
    killed = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"works\n"
    (running,) = read_runs(builder.location, n_newest=20)
    killed.send_signal(number)
    killed.communicate(timeout=30)

    run_command(tmp_path, "compact")
    run_command(tmp_path, "refresh")

    refreshed, compacted, interrupted = _document(tmp_path, "history")["runs"]
    assert (running.ended_time, running.exit_code) == (None, None)
    assert [run["exit_code"] for run in (refreshed, compacted, interrupted)] == [0, 0, 130]
    assert (interrupted["run_id"], interrupted["command"]) == (running.run_id, "run")
    assert interrupted["error"].startswith("interrupted: ")
    assert interrupted["ended_time"] > running.started_time


def test_run_of_another_machine_is_not_ended_on_a_storage_that_both_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = LakeLocation.parse(str(tmp_path))
    monkeypatch.setattr("socket.gethostname", lambda: "other")
    begin_run(lake, command="run")
    monkeypatch.setattr("socket.gethostname", lambda: "this")
    begin_run(lake, command="run")
    monkeypatch.setattr(LakeLocation, "is_local", False)

    end_interrupted_runs(lake, exit_code=130)

    assert {run.host: run.exit_code for run in read_runs(lake, n_newest=20)} == {"other": None, "this": 130}


def test_failed_run_is_in_the_history_with_its_error(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    for uri in builder.open("gold_price").file_uris()[:1]:
        Path(uri.removeprefix("file://")).write_bytes(b"not parquet")
    done = run_command(tmp_path, "compact")
    (found,) = read_runs(builder.location, n_newest=5)
    assert (done.returncode, found.exit_code) == (1, 1)
    assert found.error is not None
    assert "gold_price has a file that cannot be read" in found.error


def test_vacuum_is_a_dry_run_until_told_otherwise(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    orphan = _age(builder, "gold_price") / "event_date=2026-01-10" / "part-crashed.parquet"
    orphan.write_bytes(b"x" * 1_000)
    os.utime(orphan, (time.time() - DAYS_AGO,) * 2)
    planned = _document(tmp_path, "vacuum")
    assert planned == {
        "vacuum": [{"table": "gold_price", "n_files": 1, "size_bytes": 1_000}],
        "dry_run": True,
    }
    assert orphan.exists()
    assert _document(tmp_path, "vacuum", "--yes")["vacuum"] == planned["vacuum"]
    assert not orphan.exists()


def test_vacuum_keeps_what_a_version_within_the_retention_needs(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    folder = _age(builder, "gold_price")
    run_command(tmp_path, "compact")
    run_command(tmp_path, "vacuum", "--yes")
    assert len(list(folder.rglob("part-*.parquet"))) == 8
    run_command(tmp_path, "vacuum", "--yes", "--retention-hours", "0", "--force")
    assert list(folder.rglob("part-*.parquet")) == []
    assert builder.open("gold_price").to_pyarrow_table().num_rows == 8


def test_vacuum_refuses_a_retention_that_a_reader_may_need_longer(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    with pytest.raises(RetentionError, match="the least is 2 h"):
        vacuum_lake(builder.location, retention_hours=1)


def test_vacuum_refuses_to_trust_a_clock_ahead_of_the_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = build_small_files(tmp_path)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7_200)
    with pytest.raises(ClockError, match="s ahead of the storage's"):
        vacuum_lake(builder.location)


def test_tables_of_a_replaced_build_go_as_a_whole(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    builder.catalog.publish_build(builder.catalog.next_build("test"))
    old = builder.catalog.table_location("gold_price", builder.build).to_path()
    assert vacuum_lake(builder.location, names=frozenset({"gold_price"})) == []
    found = vacuum_lake(
        builder.location, names=frozenset({"gold_price"}), retention_hours=0, dry_run=False, is_forced=True
    )
    assert [entry.table for entry in found] == ["gold_price/build-000001"]
    assert not old.exists()


def test_checkpoint_keeps_the_position_and_is_made_once(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for _ in range(20):
        builder.append("gold_price", [{}])
    (made,) = _document(tmp_path, "checkpoint")["checkpoint"]
    assert (made["table"], made["version"], made["n_commits"]) == ("gold_price", 21, 22)
    assert _document(tmp_path, "checkpoint")["checkpoint"] == []
    table = open_table(builder.catalog.table_location("gold_price", builder.build), GOLD_PRICE)
    assert read_position(table, ["TopicPrice"]) == Position({TopicPartition("TopicPrice", 0): 20})


@pytest.mark.lake
def test_help_teaches_exit_codes_and_examples() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "compaction", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "75  another run was at work; nothing was done" in done
    assert "python -m compaction run --max-seconds 50" in done


@pytest.mark.lake
def test_help_of_run_names_the_default_retention_of_versions() -> None:
    command = [sys.executable, "-m", "compaction", "run", "--help"]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"at least 2; default: {RETENTION_HOURS}" in " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("vacuum", "--table", "gold_prise"), "'gold_prise' is not one of bronze, "),
        (("run", "--max-bytes", "0"), "--max-bytes"),
        (("compact", "--engine", "hand"), "--engine"),
        (("quarantine", "show", "id-1/0"), "id-1/0 is not TOPIC_ID/PARTITION/OFFSET"),
        (("tidy",), "tidy"),
    ],
)
def test_wrong_options_are_named_on_stderr(tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    done = run_command(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr


def _make_commits_old(folder: Path, *, hours: float) -> None:
    for path in (folder / "_delta_log").iterdir():
        os.utime(path, (time.time() - hours * 3_600,) * 2)


def test_checkpoint_drops_commits_past_the_retention(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for _ in range(30):
        builder.append("gold_price", [{}])
    folder = builder.catalog.table_location("gold_price", builder.build).to_path()
    _make_commits_old(folder, hours=7)
    run_command(tmp_path, "checkpoint", "--retention-hours", "8")
    assert (folder / "_delta_log" / f"{0:020}.json").exists()
    for _ in range(45):
        builder.append("gold_price", [{}])

    (made,) = _document(tmp_path, "checkpoint")["checkpoint"]

    assert made["n_log_files_removed"] > 30
    assert not (folder / "_delta_log" / f"{0:020}.json").exists()
    assert builder.open("gold_price").to_pyarrow_table().num_rows == 75
    assert _document(tmp_path, "fsck")["findings"] == []


def test_checkpoint_tells_a_table_of_before_its_retention(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    before = builder.open("gold_price")
    before.alter.set_table_properties({"delta.logRetentionDuration": "interval 7 days"})
    for _ in range(20):
        builder.append("gold_price", [{}])

    run_command(tmp_path, "checkpoint")

    planned = builder.open("gold_price").metadata().configuration
    assert planned["delta.logRetentionDuration"] == "interval 6 hours"
    assert planned["delta.deletedFileRetentionDuration"] == "interval 6 hours"


def test_append_lands_although_the_retention_changed_meanwhile(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    stale = builder.open("gold_price")
    other = builder.open("gold_price")
    other.alter.set_table_properties(to_retention_properties(48))

    version = append(stale, GOLD_PRICE, GOLD_PRICE.to_arrow_schema().empty_table(), expected={}, advanced={})

    assert version == other.version() + 1


def test_checkpoint_refuses_a_retention_that_a_reader_may_need_longer(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    with pytest.raises(RetentionError, match="the least is 2 h"):
        checkpoint_lake(builder.location, retention_hours=1)


def test_service_goes_on_after_a_run_that_failed(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    log = builder.catalog.table_location("gold_price", builder.build).to_path() / "_delta_log"
    hidden = (log / f"{3:020}.json").rename(log / "hidden")
    command = [sys.executable, "-m", "compaction", "run", "--every", "0.2", "--lake", str(tmp_path)]
    service = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: 1 in _exit_codes(builder), "a run that failed")
        hidden.rename(log / f"{3:020}.json")
        wait_until(lambda: 0 in _exit_codes(builder), "a run that did not")
        assert service.poll() is None
    finally:
        service.terminate()
        assert service.wait(60) == 0


def _exit_codes(builder: LakeBuilder) -> list[int | None]:
    return [run.exit_code for run in read_runs(builder.location, n_newest=20)]


def test_service_refuses_a_retention_that_is_too_short_before_it_begins(tmp_path: Path) -> None:
    builder = build_small_files(tmp_path)
    done = run_command(tmp_path, "run", "--every", "0.2", "--retention-hours", "1")
    assert (done.returncode, "the least is 2 h" in done.stderr) == (1, True)
    assert _exit_codes(builder) == []
