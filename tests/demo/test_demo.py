"""Demo: reading the progress of a collector from its log, and the programs of the Procfile."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from demo import api_requests
from demo.pipeline import has_caught_up
from demo.program import PROCFILE, Program, read_procfile

STARTS = "2026-11-26 20:00:00,000 prices starts profile=offline collectors=2\n"
_MARKET = "2026-11-26 20:00:09,000 prices market=simx-{}-usd"
LIVE = _MARKET + " trades=1 new=0 refused=0 last=x seconds=0.037 next_seconds=3.0\n"
BEHIND = LIVE.replace("next_seconds=3.0", "next_seconds=0.0")
FAILED = _MARKET.format("eth") + " failed=1 problem='slow' seconds=9.0 next_seconds=6.0\n"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("", False),
        (LIVE.format("btc") + LIVE.format("eth"), False),
        (STARTS + LIVE.format("btc"), False),
        (STARTS + LIVE.format("btc") + LIVE.format("btc"), False),
        (STARTS + LIVE.format("btc") + BEHIND.format("eth"), False),
        (STARTS + LIVE.format("btc") + FAILED, False),
        (STARTS + LIVE.format("btc") + LIVE.format("eth"), True),
        (
            STARTS + BEHIND.format("eth") + LIVE.format("eth") + BEHIND.format("btc") + LIVE.format("btc"),
            True,
        ),
    ],
)
def test_history_is_on_kafka_once_no_market_is_behind(tmp_path: Path, log: str, expected: bool) -> None:
    path = tmp_path / "prices.log"
    path.write_text(log)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        assert has_caught_up(Program("prices", process, path)) is expected


def test_procfile_runs_the_whole_chain() -> None:
    commands = read_procfile(PROCFILE)
    modules = {command[command.index("-m") + 1] for command in commands.values()}
    assert modules == {
        "streaming.broker",
        "streaming",
        "api",
        "streaming.offline",
        "streaming.collect",
        "compaction",
    }


NOW, LATE = "2026-11-26T20:00:00Z", "2026-11-25T20:00:00Z"


def _asset(**last_event_times: str) -> dict[str, object]:
    return {"tables": {table: {"last_event_time": time} for table, time in last_event_times.items()}}


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        ([], None),
        ([_asset(gold_price=NOW)], None),
        ([_asset(gold_price=NOW, gold_prediction=NOW), _asset(gold_price=NOW)], None),
        ([_asset(gold_price=NOW, gold_prediction=NOW), _asset(gold_price=NOW, gold_prediction=LATE)], LATE),
        ([_asset(gold_price=NOW, gold_prediction=NOW), _asset(gold_sentiment=LATE)], NOW),
    ],
)
def test_history_is_complete_once_the_slowest_asset_has_its_forecasts(
    monkeypatch: pytest.MonkeyPatch, assets: list[dict[str, object]], expected: str | None
) -> None:
    monkeypatch.setattr(api_requests, "get_json", lambda *_: {"actifs": assets})
    reached = api_requests.newest_forecast_of_all("http://api")
    assert reached == (None if expected is None else datetime.fromisoformat(expected))
