"""A stream, the table service with expiry and vacuum, and readers together, killed repeatedly: nothing is lost.

Days expire step by step as the retention is shortened. Where storage is vacuumed without a retention, writers were
killed right before, since a file that is being written is nobody's yet.
"""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compaction.fsck.lake_check import check_lake
from lakehouse import lake
from lakehouse.delta.position import TopicPartition
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.snapshots.pinned import Snapshot
from lakehouse.time_range import to_us
from tests.support.processes import ChildProcess
from tests.support.storm_stream import Times
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
KEY = TopicPartition("id-1", 0)
GOLD = "gold_sentiment"
KEEP_DAYS = (190, 170, 150, 130, 110, 98)
_OFFSETS = "SELECT kafka_offset FROM {rows}"
_SUMS = "SELECT coalesce(sum(n_rows), 0) FROM {rows}"


def _is_gold(offset: int) -> bool:
    return offset % 11 != 10 and offset % 7 != 3


@dataclass
class Storm:
    """The processes of one storm, and the reader that watches them."""

    folder: Path
    n_records: int
    started: int
    times: Times
    processes: dict[str, ChildProcess] = field(default_factory=dict)

    def start(self, name: str, *program: str) -> None:
        log_path = self.folder.with_name(f"{self.folder.name}-{name}.log")
        process = ChildProcess.of_module(*program, log_path=log_path, environ={"PYTHONWARNINGS": "ignore"})
        process.start()
        self.processes[name] = process

    def stream(self) -> None:
        arguments = (str(self.folder), str(self.n_records), str(self.started), str(self.times.n_old))
        self.start("stream", "tests.support.storm_stream", *arguments)

    def service(self, keep_days: int | None) -> None:
        retention = {"bronze": 7, "quarantine": 100, "duplicates": 100, GOLD: keep_days}
        keep = [f"--keep={name}={days}" for name, days in retention.items()] if keep_days else []
        self.start(
            "service", "compaction", "run", "--now", "--every", "0.01", "--lake", str(self.folder), *keep
        )

    def kill(self, name: str) -> None:
        self.processes[name].end()
        self.processes[name].wait()

    def run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "compaction", *arguments, "--lake", str(self.folder)]
        assert (
            subprocess.run(command, cwd=ROOT, check=False, timeout=180, capture_output=True).returncode == 0
        )

    def is_kept(self, offset: int, retained_from_us: int | None) -> bool:
        day_us = to_us(self.times.event_time(offset).replace(hour=0, minute=0, second=0, microsecond=0))
        return retained_from_us is None or day_us >= retained_from_us


@dataclass
class Watcher:
    """A reader that never stops, and expects a whole snapshot each time."""

    storm: Storm
    reader: Lake
    n_reads: int = 0
    wrong: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._ended.wait(0.01):
            try:
                self.reader.read(lambda: self.reader.snapshot(GOLD), self._look)
            except LakeNotFoundError:
                continue

    def end(self) -> None:
        self._ended.set()

    def _look(self, snapshot: Snapshot) -> None:
        table = snapshot[GOLD]
        rows = self.reader.session.fetch_rows(_OFFSETS, table.files.paths.tolist(), spec=table.spec)
        expected = [
            offset
            for offset in range(table.position[KEY])
            if _is_gold(offset) and self.storm.is_kept(offset, table.retained_from_us)
        ]
        if sorted(row[0] for row in rows) != expected:
            self.wrong.append(f"version {table.version}: {len(rows)} rows instead of {len(expected)}")
        self.n_reads += 1


@contextmanager
def _watched(storm: Storm) -> Iterator[Watcher]:
    watcher = Watcher(storm, lake.open(str(storm.folder)))
    thread = threading.Thread(target=watcher.run)
    thread.start()
    try:
        yield watcher
    finally:
        watcher.end()
        thread.join()
        for name in storm.processes:
            storm.kill(name)


def _n_taken(reader: Lake) -> int:
    try:
        return reader.snapshot("bronze")["bronze"].position[KEY]
    except LakeNotFoundError:
        return 0


def _ride(folder: Path, *, n_records: int, seed: int) -> None:
    rng, started = random.Random(seed), int(time.time()) - 3 * 3_600
    times = Times(start=datetime.fromtimestamp(started, UTC), n_old=n_records // 2)
    storm = Storm(folder, n_records, started, times)
    storm.stream()
    storm.service(None)
    with _watched(storm) as watcher:
        reader = lake.open(str(folder))
        wait_until(lambda: _n_taken(reader) >= times.n_old, "the old days", timeout_seconds=600)
        marks = [times.n_old + (n_records - times.n_old) * step // 7 for step in range(1, 7)]
        for mark, keep_days in zip(marks, KEEP_DAYS, strict=True):
            storm.kill("service")
            if rng.random() < 0.5:
                storm.kill("stream")
                storm.run("vacuum", "--yes", "--force", "--retention-hours", "0")
                storm.stream()
            storm.service(keep_days)
            wait_until(lambda mark=mark: _n_taken(reader) >= mark, f"record {mark}", timeout_seconds=600)  # type: ignore[misc]
        assert storm.processes["stream"].wait(600) == 0
    assert watcher.n_reads > 0
    assert watcher.wrong == []
    _assert_whole(storm)


def _assert_whole(storm: Storm) -> None:
    """After an undisturbed run: the old days are gone from gold and in rollups, every record counts once."""
    keep = ("bronze=7", "quarantine=100", "duplicates=100", f"{GOLD}={KEEP_DAYS[-1]}")
    storm.run("run", "--now", *(f"--keep={part}" for part in keep))
    reader = lake.open(str(storm.folder))
    table = reader.snapshot(GOLD)[GOLD]
    assert table.position[KEY] == storm.n_records
    assert table.retained_from_us is not None
    kept = [o for o in range(storm.n_records) if _is_gold(o) and storm.is_kept(o, table.retained_from_us)]
    assert sorted(reader.table(GOLD).arrow()["kafka_offset"].to_pylist()) == kept
    assert min(kept) >= storm.times.n_old
    n_gold = sum(map(_is_gold, range(storm.n_records)))
    for name in ("gold_sentiment_1m", "gold_sentiment_1h"):
        snapshot = reader.snapshot(name)[name]
        ((n_rows,),) = reader.session.fetch_rows(_SUMS, snapshot.files.paths.tolist(), spec=snapshot.spec)
        assert n_rows == n_gold
    assert [finding.in_words() for finding in check_lake(reader.location, is_deep=True)] == []


@pytest.mark.timeout(900)  # a minute where nothing else runs
def test_short_storm_with_expiry_and_vacuum_accounts_for_every_record(tmp_path: Path) -> None:
    _ride(tmp_path, n_records=280, seed=11)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(3))
def test_long_storm_with_expiry_and_vacuum_accounts_for_every_record(tmp_path: Path, seed: int) -> None:
    _ride(tmp_path, n_records=6_000, seed=seed)
