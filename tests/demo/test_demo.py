"""Demo: reading the progress of a collector from its log, and the programs of the Procfile."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from demo import api_requests, metrics
from demo.api_requests import HistoryState, history_state
from demo.metrics import METRICS, prometheus_command
from demo.pipeline import has_caught_up
from demo.program import PROCFILE, Program, read_procfile
from tests.support.ports import free_port

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
    program = Program("prices", [sys.executable, "-c", ""], environ={}, log_dir=tmp_path)
    program.stop(10.0)
    program.log_path.write_text(log)
    assert has_caught_up(program) is expected


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


READY = datetime(2026, 11, 26, 20, tzinfo=UTC)
COMPLETE = HistoryState(
    n_rows=9, forecast_time=READY - timedelta(seconds=90), n_waiting=40, text_delay_seconds=60.0
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"forecast_time": None}, False),
        ({"forecast_time": READY - timedelta(hours=1)}, False),
        ({"n_waiting": None}, False),
        ({"n_waiting": 500_000}, False),
        ({"text_delay_seconds": None}, False),
        ({"text_delay_seconds": 86_400.0}, False),
    ],
)
def test_history_is_complete_once_nothing_of_any_series_waits(
    changed: dict[str, object], expected: bool
) -> None:
    assert replace(COMPLETE, **changed).is_complete(READY) is expected


def _table(name: str, rows: int, age: float | None) -> dict[str, object]:
    return {"table": name, "rows": rows, "freshness": {"event_age_seconds": age}}


@pytest.mark.parametrize(
    ("tables", "kafka", "expected"),
    [
        ([], {}, HistoryState()),
        ([_table("gold_news", 5, 10.0)], {"known": False, "lag": []}, HistoryState(n_rows=5)),
        (
            [_table("gold_news", 5, 10.0), _table("gold_sentiment", 4, 40.0), _table("bronze", 99, 1.0)],
            {"known": True, "lag": [{"messages": 3}, {"messages": 4}]},
            HistoryState(n_rows=9, n_waiting=7, text_delay_seconds=30.0),
        ),
        (
            [_table("gold_news", 0, None), _table("gold_sentiment", 0, None)],
            {"known": True, "lag": []},
            HistoryState(n_waiting=0),
        ),
    ],
)
def test_state_of_the_history_is_read_from_the_api(
    monkeypatch: pytest.MonkeyPatch,
    tables: list[dict[str, object]],
    kafka: dict[str, object],
    expected: HistoryState,
) -> None:
    answers = {"/api/v1/etat": {"tables": tables, "kafka": kafka}, "/api/v1/actifs": {"actifs": []}}
    monkeypatch.setattr(api_requests, "get_json", lambda _, path: answers[path])
    assert history_state("http://api") == expected


def test_prometheus_reads_the_rules_and_the_port_of_this_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics.shutil, "which", lambda _: "/usr/bin/prometheus")
    monkeypatch.setattr(metrics, "PORT", free_port())

    started = prometheus_command(api_url="http://127.0.0.1:40123", folder=tmp_path)

    assert started is not None
    command, address = started
    assert (command[0], address) == ("/usr/bin/prometheus", f"http://127.0.0.1:{metrics.PORT}/")
    config = yaml.safe_load((tmp_path / "prometheus.yml").read_text())
    targets = [job["static_configs"][0]["targets"] for job in config["scrape_configs"]]
    assert targets[0] == ["127.0.0.1:40123"]
    assert {target for (target,) in targets[1:]} == {part.partition("=")[2] for part in METRICS.split(",")}
    assert (tmp_path / "alerts.yml").is_file()


def test_without_prometheus_nothing_scrapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.shutil, "which", lambda _: None)
    assert prometheus_command(api_url="http://127.0.0.1:1", folder=tmp_path) is None
