"""Answers are the same whatever the machine's time zone is: rows, days, buckets and texts, by every way to read."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake_builder import build_lake
from tests.support.processes import ROOT, clean_environ

pytestmark = pytest.mark.lake
ZONES = ("Europe/Paris", "America/St_Johns", "Asia/Kathmandu")
MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC)
TIMES = [MIDNIGHT + sign * timedelta(hours=hours) for hours in (1, 3, 5, 9, 13) for sign in (-1, 1)]
UTC_DAYS = [["2026-01-09", 5], ["2026-01-10", 5]]


@pytest.fixture(scope="module")
def lake_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zones") / "lake"
    rows = [{"event_time": time} for time in sorted(TIMES)]
    build_lake(path, sentiment=rows, price=rows)
    return path


def answers_in(zone: str, lake: Path, runtime_dir: Path) -> dict[str, Any]:
    """Return what every way to read answers in a process of a time zone."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.zone_answers", str(lake)],
        cwd=ROOT,
        env=clean_environ({"TZ": zone, "CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def in_utc(lake_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answers_in("UTC", lake_path, tmp_path_factory.mktemp("runtime"))


def test_days_are_those_of_utc(in_utc: dict[str, Any]) -> None:
    for way in ("days of .duckdb()", "days of connect()", "days on a connection of one's own"):
        assert in_utc[way] == UTC_DAYS
    buckets = in_utc["/api/v1/prix/btc/historique?date_debut=2026-01-05&date_fin=2026-01-12&intervalle=1d"]
    assert [(bucket["event_time"], bucket["count"]) for bucket in buckets] == [
        ("2026-01-09T00:00:00Z", 5),
        ("2026-01-10T00:00:00Z", 5),
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_every_way_to_read_answers_as_in_utc(
    zone: str, lake_path: Path, tmp_path: Path, in_utc: dict[str, Any]
) -> None:
    answers = answers_in(zone, lake_path, tmp_path)
    assert answers.keys() == in_utc.keys()
    for way, answer in answers.items():
        assert answer == in_utc[way], way
