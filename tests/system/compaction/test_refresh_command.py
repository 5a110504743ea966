"""The command that refreshes rollups and scores, as a process that is killed repeatedly."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from lakehouse import lake
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from tests.support.lake_builder import NOON, build_lake
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]


def _start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "compaction", "refresh", "--lake", str(folder), *more]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def _n_folded(reader: Lake, name: str) -> int:
    try:
        return sum(reader.table(name).arrow()["n_rows"].to_pylist())
    except LakeNotFoundError:
        return 0


def test_refresh_says_what_it_folded_in_one_line_a_table(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": NOON}, {"event_time": NOON + timedelta(hours=1)}])
    _, said = _start(tmp_path).communicate(timeout=180)
    lines = [line for line in said.decode().splitlines() if "refreshed table=gold_sentiment_1h" in line]
    assert len(lines) == 1
    assert "offsets=2 sums=2 commits=1" in lines[0]
    assert "position={'TopicSentiment': [2]}" in lines[0]


def test_refresh_says_what_it_scored_in_one_line(tmp_path: Path) -> None:
    prices = [{"event_time": NOON}, {"event_time": NOON + timedelta(minutes=5)}]
    build_lake(tmp_path, prediction=[{}, {"symbol": "eth"}], price=prices)
    _, said = _start(tmp_path).communicate(timeout=180)
    lines = [line for line in said.decode().splitlines() if "refreshed table=gold_score" in line]
    assert len(lines) == 1
    assert "scores=1 without_price=0 commits=1" in lines[0]
    assert "position={'TopicPrediction': [1]}" in lines[0]


def test_refresh_that_is_killed_at_any_time_counts_each_row_once(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{"event_time": NOON + timedelta(hours=1)}])
    reader = lake.open(str(tmp_path))
    for n_commits in range(1, 4):
        refreshing = _start(tmp_path, "--every", "0.001")
        for second in range(n_commits * 10):
            builder.append("gold_sentiment", [{"event_time": NOON + timedelta(seconds=second)}])
            builder.append("gold_prediction", [{}])
            if second >= 7:
                wait_until(lambda: _n_folded(reader, "gold_sentiment_1m") > 0, "a first refresh")
        refreshing.kill()
        refreshing.communicate(timeout=180)
    _start(tmp_path).communicate(timeout=180)
    assert _n_folded(reader, "gold_sentiment_1m") == 60
    assert _n_folded(reader, "gold_sentiment_1h") == 60
    assert len(set(reader.table("gold_score").arrow()["kafka_offset"].to_pylist())) == 60
    assert reader.table("gold_score").arrow().num_rows == 60
