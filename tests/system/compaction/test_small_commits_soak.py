"""20,000 small commits under maintenance: costs of opening, appending and querying are reported, not asserted."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from compaction.fsck.lake_check import check_lake
from compaction.retention.checkpoint import checkpoint_lake
from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table, open_table
from lakehouse.history.page import read_history
from lakehouse.schema.spec import RETENTION_HOURS
from lakehouse.schema.tables import GOLD_PRICE
from tests.support.history_queries import question

ROOT = Path(__file__).parents[3]
KEY = TopicPartition("id-1", 0)
MARKS = (5_000, 10_000, 20_000)
ROWS_PER_COMMIT = 20
N_TIMED = 50
DAY_START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


def _rows(commit: int) -> pa.Table:
    first = commit * ROWS_PER_COMMIT
    rows = [
        {
            "symbol": ("btc", "eth", "sol", "ada")[number % 4],
            "event_time": DAY_START + timedelta(milliseconds=4 * number),
            "venue": "simx",
            "quote": "usd",
            "price": 100.0 + number % 7,
            "message_id": f"m{number}",
            "origin": "generated",
            "topic_id": KEY.topic_id,
            "kafka_partition": 0,
            "kafka_offset": number,
            "event_date": DAY_START.date(),
        }
        for number in range(first, first + ROWS_PER_COMMIT)
    ]
    return pa.Table.from_pylist(rows, schema=GOLD_PRICE.to_arrow_schema())


@contextmanager
def _maintained(folder: Path) -> Iterator[None]:
    """Run the table service beside the block; fail with the end of its log if it ends before."""
    command = [sys.executable, "-m", "compaction", "run", "--every", "2", "--lake", str(folder)]
    log_path = folder.with_name(f"{folder.name}-maintenance.log")
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
        assert process.poll() is None, log_path.read_text()[-2_000:]
    finally:
        process.terminate()
        process.wait(120)


def _p50_ms(act: Callable[[], object], n_times: int = N_TIMED) -> float:
    seconds = []
    for _ in range(n_times):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1e3


def _pass_retention(location: LakeLocation) -> None:
    """Make every commit look older than the retention of the log."""
    long_ago = time.time() - 2 * RETENTION_HOURS * 3_600
    for path in (location.to_path() / "_delta_log").iterdir():
        os.utime(path, (long_ago, long_ago))


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_twenty_thousand_small_commits_are_all_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = Catalog(LakeLocation.parse(str(tmp_path)))
    catalog.register_topic(topic="raw-price", topic_id=KEY.topic_id)
    location = catalog.table_location(GOLD_PRICE.name, catalog.ensure_build())
    table, reader, n_commits = ensure_table(location, GOLD_PRICE), lake.open(str(tmp_path)), 0
    asked = question("price", start=DAY_START, end=DAY_START + timedelta(days=2), interval="5m")

    def commit() -> None:
        nonlocal n_commits
        rows, offset = _rows(n_commits), n_commits * ROWS_PER_COMMIT
        append(
            table, GOLD_PRICE, rows, expected={KEY: offset or None}, advanced={KEY: offset + ROWS_PER_COMMIT}
        )
        n_commits += 1

    def measure(what: str) -> None:
        append_ms = _p50_ms(commit)
        open_ms = _p50_ms(lambda: open_table(location, GOLD_PRICE))
        query_ms = _p50_ms(lambda: read_history(reader, asked))
        n_files = reader.snapshot(GOLD_PRICE.name)[GOLD_PRICE.name].files.n_files
        n_log_files = len(location.names("_delta_log"))
        with capsys.disabled():
            print(
                f"\n{n_commits:6} commits{what}: open {open_ms:.1f} ms, append {append_ms:.1f} ms, "
                f"a day in 5 min {query_ms:.1f} ms (p50), {n_files} files, {n_log_files} in the log",
                flush=True,
            )

    with _maintained(tmp_path):
        for mark in MARKS:
            while n_commits < mark - N_TIMED:
                commit()
            measure("")
    _pass_retention(location)
    commit()  # the service may have made a checkpoint of the last one
    (cleaned,) = checkpoint_lake(catalog.location, names=frozenset({GOLD_PRICE.name}), after_commits=1)
    assert cleaned.n_log_files_removed > MARKS[-1]
    measure(", the first 20,000 past the retention")

    offsets = reader.table(GOLD_PRICE.name).arrow()["kafka_offset"].to_pylist()
    assert sorted(offsets) == list(range(n_commits * ROWS_PER_COMMIT))
    assert check_lake(catalog.location) == []
