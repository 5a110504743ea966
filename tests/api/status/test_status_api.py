import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.contrib.auth import get_user_model

from api.maintenance.models import MaintenanceRun
from api.maintenance.selectors import read_maintenance
from api.status import lag
from api.status.documents import to_state_document
from api.status.lag import EndOffsets, EndOffsetWatch
from api.status.state import read_state
from lakehouse import lake
from lakehouse.delta.table import append
from lakehouse.maintenance.runs import begin_run, end_run
from lakehouse.schema.tables import CORRECTIONS, LOSSES
from lakehouse.time_range import to_us
from tests.support.api_client import Api
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

ApiOf = Callable[[Path], Api]


def test_assets_have_their_first_and_last_event(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(
        tmp_path,
        sentiment=[{}, {"event_time": NOON + timedelta(minutes=1), "origin": "replay"}],
        price=[{"event_time": NOON + timedelta(minutes=2), "symbol": "zzz"}],
    )
    assert api_of(tmp_path).get("/api/v1/actifs").document == {
        "actifs": [
            {
                "symbol": "btc",
                "name": "Bitcoin",
                "first_event_time": "2026-01-10T12:00:00Z",
                "last_event_time": "2026-01-10T12:01:00Z",
                "tables": {
                    "gold_sentiment": {
                        "count": 2,
                        "first_event_time": "2026-01-10T12:00:00Z",
                        "last_event_time": "2026-01-10T12:01:00Z",
                    }
                },
                "origins": ["generated", "replay"],
                "marche": None,
                "enabled": True,
                "display_order": 10,
                "colour": "#f7931a",
            },
            {
                "symbol": "zzz",
                "name": None,
                "first_event_time": "2026-01-10T12:02:00Z",
                "last_event_time": "2026-01-10T12:02:00Z",
                "tables": {
                    "gold_price": {
                        "count": 1,
                        "first_event_time": "2026-01-10T12:02:00Z",
                        "last_event_time": "2026-01-10T12:02:00Z",
                    }
                },
                "origins": ["generated"],
                "marche": {"venue": "simx", "quote": "usd"},
                "enabled": True,
                "display_order": None,
                "colour": None,
            },
        ],
        "suivant": None,
    }


def test_sources_of_news_are_no_assets_and_their_table_is_in_the_state(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}], news=[{"source": "wire"}, {"source": "gazette"}])
    api = api_of(tmp_path)
    assert [asset["symbol"] for asset in api.get("/api/v1/actifs").document["actifs"]] == ["btc"]
    assert api.get("/api/v1/sentiment/wire/historique").status == 404
    news = next(t for t in api.get("/api/v1/etat").document["tables"] if t["table"] == "gold_news")
    assert (news["rows"], news["origins"]) == (2, ["generated"])
    assert news["freshness"]["event_time"] == "2026-01-10T12:00:00Z"


def test_state_lists_tables_with_position_and_freshness(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{}, {}])
    document = api_of(tmp_path).get("/api/v1/etat/").document
    sentiment = document["tables"][0]
    assert document["build"] == {"build": builder.build.build_id, "number": 1}
    assert [table["table"] for table in document["tables"]] == [
        "gold_sentiment",
        "gold_prediction",
        "gold_price",
        "gold_news",
    ]
    assert document["absentes"] == [
        "bronze",
        "gold_score",
        "gold_story",
        "quarantine",
        "duplicates",
        "losses",
        "corrections",
        "sentiment_shadow",
        "gold_sentiment_1m",
        "gold_sentiment_1h",
        "gold_price_1m",
        "gold_price_1h",
    ]
    assert (sentiment["version"], sentiment["rows"], sentiment["files"]) == (1, 2, 1)
    assert sentiment["position"] == {"TopicSentiment": [2]}
    assert sentiment["bytes"] > 0
    assert sentiment["commit_time"].startswith("20")
    assert sentiment["freshness"] == {
        "event_time": "2026-01-10T12:00:00Z",
        "event_age_seconds": 43200.0,
        "ingest_time": "2026-01-10T12:00:00Z",
        "ingest_age_seconds": 43200.0,
    }
    assert document["kafka"] == {"known": False, "lag": []}
    assert document["origins"] == ["generated"]
    assert str(tmp_path) not in str(document)


def test_lag_is_what_lies_between_position_and_end(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{}, {}])
    ends = EndOffsets(True, {"analyzed-sentiment": {0: 7, 1: 3}, "some-other-topic": {0: 1}})
    state = read_state(lake=lake.open(str(tmp_path)), end_offsets=ends, now_us=to_us(NOON))
    document = to_state_document(state)
    assert document["kafka"]["known"] is True
    assert [
        (entry["table"], entry["topic"], entry["partition"], entry["messages"])
        for entry in document["kafka"]["lag"]
    ] == [("gold_sentiment", "analyzed-sentiment", 0, 5), ("gold_sentiment", "analyzed-sentiment", 1, 3)]


@pytest.mark.timeout(60)  # so many reads that wait, however shortly, take longer
def test_state_never_waits_for_a_broker_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "REQUEST_TIMEOUT_SECONDS", 1)
    watch = EndOffsetWatch({"bootstrap_servers": ["127.0.0.1:1"]}, every_seconds=0.01)
    for _ in range(1_000):
        assert watch.read(frozenset({"raw-price"})) == EndOffsets()
    watch.close()


def test_accepted_losses_are_shown(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    loss = {
        "table_name": "gold_sentiment",
        "topic": "analyzed-sentiment",
        "topic_id": "TopicSentiment",
        "kafka_partition": 0,
        "from_offset": 5,
        "to_offset": None,
        "cause": "expired",
        "reason": "disk was full",
        "accepted_by": "ana",
        "accepted_time": NOON,
    }
    rows = pa.Table.from_pylist([loss], schema=LOSSES.to_arrow_schema())
    append(builder.open("losses"), LOSSES, rows, expected={}, advanced={})
    document = api_of(tmp_path).get("/api/v1/etat").document
    assert document["losses"] == [loss | {"accepted_time": "2026-01-10T12:00:00Z"}]


def test_exclusions_are_shown(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    exclusion = {
        "topic": "analyzed-sentiment",
        "topic_id": "TopicSentiment",
        "kafka_partition": 0,
        "kafka_offset": 5,
        "reason": "a wrong print",
        "excluded_by": "ana",
        "excluded_time": NOON,
    }
    rows = pa.Table.from_pylist([exclusion], schema=CORRECTIONS.to_arrow_schema())
    append(builder.open("corrections"), CORRECTIONS, rows, expected={}, advanced={})
    document = api_of(tmp_path).get("/api/v1/etat").document
    assert document["corrections"] == [exclusion | {"excluded_time": "2026-01-10T12:00:00Z"}]


def test_process_is_healthy_without_a_lake_and_ready_only_with_its_tables(
    tmp_path: Path, api_of: ApiOf
) -> None:
    api = api_of(tmp_path / "lake")
    assert api.get("/healthz").document == {"status": "ok"}
    assert api.get("/readyz").status == 503
    builder = LakeBuilder(tmp_path / "lake")
    builder.append("gold_sentiment", [])
    assert api.get("/readyz").document["detail"] == "table gold_prediction does not exist yet"
    build_lake(tmp_path / "lake")
    assert api.get("/readyz").status == 200


@pytest.mark.parametrize("path", ["/api/v1/actifs", "/api/v1/etat"])
def test_parameter_where_none_is_taken_is_400(tmp_path: Path, api_of: ApiOf, path: str) -> None:
    build_lake(tmp_path)
    assert api_of(tmp_path).get(path, "x=1").document["parameter"] == "x"


@pytest.mark.parametrize("path", ["/api/v1/actifs", "/api/v1/etat"])
def test_status_of_a_lake_that_does_not_exist_is_503(tmp_path: Path, api_of: ApiOf, path: str) -> None:
    assert api_of(tmp_path / "none").get(path).status == 503


def test_state_shows_the_last_run_of_each_command_and_one_that_did_not_end(
    tmp_path: Path, api_of: ApiOf
) -> None:
    builder = build_lake(tmp_path)
    end_run(builder.location, begin_run(builder.location, command="run"), exit_code=0)
    failed = begin_run(builder.location, command="run")
    end_run(builder.location, failed, exit_code=1, error="UnreadableError: a path that nobody shall see")
    begin_run(builder.location, command="vacuum")

    vacuum, run = api_of(tmp_path).get("/api/v1/etat").document["maintenance"]

    assert (vacuum["command"], vacuum["ended_time"], vacuum["exit_code"]) == ("vacuum", None, None)
    assert (run["command"], run["exit_code"], run["error"]) == ("run", 1, "UnreadableError")
    assert run["started_time"].endswith("Z")


def test_runs_are_taken_over_into_the_database_once_and_stay_after_the_lake_forgot_them(
    tmp_path: Path, api_of: ApiOf, database: None
) -> None:
    builder, api = build_lake(tmp_path), api_of(tmp_path)
    first = begin_run(builder.location, command="run")
    assert api.get("/api/v1/etat").document["maintenance"][0]["ended_time"] is None
    end_run(builder.location, first, exit_code=0, figures={"n_rewrites": 2})
    begin_run(builder.location, command="vacuum")
    vacuum, run = api.get("/api/v1/etat").document["maintenance"]
    assert (vacuum["command"], run["figures"]) == ("vacuum", {"n_rewrites": 2})
    builder.location.delete(builder.location.names("_maintenance/runs"))
    assert api.get("/api/v1/etat").document["maintenance"] == [vacuum, run]
    assert MaintenanceRun.objects.filter(lake_uri=builder.location.uri).count() == 2


def test_missed_and_failing_runs_are_visible(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    reader = lake.open(str(tmp_path))

    def health(seconds_later: float) -> Any:
        now_us = time.time_ns() // 1_000 + round(seconds_later * 1e6)
        maintenance = read_maintenance(lake=reader, now_us=now_us, every_seconds=60.0)
        return maintenance.is_missed, maintenance.n_failed_in_a_row

    assert health(0) == (True, 0)
    end_run(builder.location, begin_run(builder.location, command="run"), exit_code=0)
    assert (health(0), health(299), health(400)) == ((False, 0), (False, 0), (True, 0))
    for _ in range(2):
        end_run(builder.location, begin_run(builder.location, command="run"), exit_code=1, error="OSError: x")
    begin_run(builder.location, command="run")
    assert health(0) == (False, 2)
    end_run(builder.location, begin_run(builder.location, command="run"), exit_code=0)
    assert health(0) == (False, 0)


def test_admin_shows_runs_and_changes_none(tmp_path: Path, api_of: ApiOf, database: None) -> None:
    builder, api = build_lake(tmp_path), api_of(tmp_path)
    end_run(builder.location, begin_run(builder.location, command="run"), exit_code=1, error="OSError: x")
    assert api.client.get("/admin/maintenance/maintenancerun/").status_code == 302
    user = get_user_model().objects.create_superuser("ops", password="x")
    api.client.force_login(user)
    page = api.client.get("/admin/maintenance/maintenancerun/")
    assert page.status_code == 200
    assert b"failed" in page.content
    assert b"OSError: x" in page.content
    assert api.client.get("/admin/maintenance/maintenancerun/add/").status_code == 403
    assert api.client.get("/static/admin/css/base.css").status_code == 200
    assert api.client.get("/static/admin/../../../sites.py").status_code == 400
