"""Demo: reading the progress of a collector from its log, and the programs of the Procfile."""

import subprocess
import sys
from pathlib import Path

import pytest

from demo.pipeline import has_caught_up
from demo.program import Program, read_procfile

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
    commands = read_procfile(Path(__file__).parents[2] / "Procfile")
    modules = {command[command.index("-m") + 1] for command in commands.values()}
    assert modules == {
        "streaming.broker",
        "streaming",
        "api",
        "streaming.offline",
        "streaming.collect",
        "compaction",
    }
