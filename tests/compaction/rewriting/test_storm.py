"""A stream, the table service and readers together, the first two killed repeatedly: each record counts once."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from compaction.fsck.lake_check import check_lake
from lakehouse import lake
from lakehouse.delta.position import TopicPartition, read_position
from lakehouse.delta.table import open_table
from lakehouse.lake import Lake
from lakehouse.schema.tables import BRONZE
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
KEY = TopicPartition("id-1", 0)


def _stream(folder: Path, n_records: int) -> subprocess.Popen[bytes]:
    program = ["-m", "tests.support.storm_stream", str(folder), str(n_records)]
    return subprocess.Popen([sys.executable, *program], cwd=ROOT, stderr=subprocess.DEVNULL)


def _service(folder: Path) -> subprocess.Popen[bytes]:
    program = ["-m", "compaction", "run", "--now", "--every", "0.01", "--lake", str(folder), "--json"]
    return subprocess.Popen(
        [sys.executable, *program], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _n_taken(reader: Lake) -> int:
    """Return the position of bronze; read gold as a reader does on the way, and expect a whole snapshot."""
    snapshot = reader.snapshot("gold_sentiment")["gold_sentiment"]
    offsets = [
        row[0]
        for row in reader.session.fetch_rows(
            "SELECT kafka_offset FROM {rows}", snapshot.files.paths.tolist(), spec=snapshot.spec
        )
    ]
    assert sorted(offsets) == [offset for offset in range(snapshot.position[KEY]) if _is_gold(offset)]
    bronze = open_table(reader.location.child(BRONZE.name), BRONZE)
    return read_position(bronze, ["id-1"])[KEY]


def _is_gold(offset: int) -> bool:
    return offset % 11 != 10 and offset % 7 != 3


def _ride(folder: Path, *, n_records: int, seed: int) -> Lake:
    rng, reader = random.Random(seed), lake.open(str(folder))
    stream, service = _stream(folder, n_records), _service(folder)
    try:
        for mark in range(n_records // 8, n_records, n_records // 8):
            wait_until(lambda mark=mark: _n_taken(reader) >= mark, f"record {mark}")  # type: ignore[misc]
            if rng.random() < 0.7:
                service.kill()
                service.wait()
                service = _service(folder)
            if rng.random() < 0.5:
                stream.kill()
                stream.wait()
                stream = _stream(folder, n_records)
        wait_until(lambda: _n_taken(reader) == n_records, "the last record")
        assert stream.wait(60) == 0
    finally:
        for process in (stream, service):
            process.kill()
            process.wait()
    return reader


def _assert_whole(folder: Path, reader: Lake, n_records: int) -> None:
    """After one undisturbed run: clean, compacted, and every gold row in the rollups once."""
    command = [sys.executable, "-m", "compaction", "run", "--now", "--lake", str(folder)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == 0
    assert [finding.in_words() for finding in check_lake(reader.location, is_deep=True)] == []
    n_gold = sum(map(_is_gold, range(n_records)))
    assert reader.table("gold_sentiment").arrow().num_rows == n_gold
    for name in ("gold_sentiment_1m", "gold_sentiment_1h"):
        assert sum(reader.table(name).arrow()["n_rows"].to_pylist()) == n_gold
    assert reader.snapshot("gold_sentiment")["gold_sentiment"].files.n_files == 1


def test_short_storm_leaves_every_record_accounted_for_once(tmp_path: Path) -> None:
    reader = _ride(tmp_path, n_records=200, seed=6)
    _assert_whole(tmp_path, reader, 200)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(5))
def test_long_storm_leaves_every_record_accounted_for_once(tmp_path: Path, seed: int) -> None:
    reader = _ride(tmp_path, n_records=6_000, seed=seed)
    _assert_whole(tmp_path, reader, 6_000)
