"""Metrics of the API."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lakehouse.maintenance.runs import begin_run, end_run
from tests.support.api_client import Api
from tests.support.lake_builder import build_lake

ApiOf = Callable[[Path], Api]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(api: Api, **headers: str) -> Samples:
    response = api.client.get("/metrics", headers=headers)
    assert response.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_tables_have_rows_bytes_files_and_freshness(tmp_path: Path, api_of: ApiOf, database: None) -> None:
    build_lake(tmp_path, sentiment=[{}, {}], price=[{}])
    samples = scrape(api_of(tmp_path))
    of_sentiment = (("table", "gold_sentiment"),)
    assert samples["cryptoviz_lake_readable", ()] == 1
    assert samples["cryptoviz_table_rows", of_sentiment] == 2
    assert samples["cryptoviz_table_files", of_sentiment] == 1
    assert samples["cryptoviz_table_bytes", of_sentiment] > 0
    assert samples["cryptoviz_table_newest_event_time_seconds", of_sentiment] == 1768046400  # 12:00
    assert samples["cryptoviz_kafka_known", ()] == 0
    assert samples["cryptoviz_disk_free_bytes", ()] > 0


def test_lake_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path, api_of: ApiOf) -> None:
    assert scrape(api_of(tmp_path / "none"))["cryptoviz_lake_readable", ()] == 0


def test_runs_of_the_table_service_are_told_whoever_made_them(
    tmp_path: Path, api_of: ApiOf, database: None
) -> None:
    location = build_lake(tmp_path, sentiment=[{}]).location
    end_run(location, begin_run(location, command="run"), exit_code=0, figures={"n_files_before": 7})
    samples = scrape(api_of(tmp_path))
    assert samples["cryptoviz_maintenance_last_exit_code", (("command", "run"),)] == 0
    figure = (("command", "run"), ("figure", "n_files_before"))
    assert samples["cryptoviz_maintenance_last_figures", figure] == 7
    assert samples["cryptoviz_maintenance_failed_in_a_row", ()] == 0


def test_requests_are_counted_by_endpoint_and_class_of_status(
    tmp_path: Path, api_of: ApiOf, database: None
) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    before, after = (
        scrape(api),
        (api.history("sentiment"), api.history("sentiment", "periode=x"), scrape(api))[2],
    )
    name = "cryptoviz_http_request_seconds_count"
    for status in ("2xx", "4xx"):
        of_history = (("endpoint", "sentiment-historique"), ("status", status))
        assert after[name, of_history] - before.get((name, of_history), 0) == 1


def test_unknown_paths_are_one_endpoint_however_many_are_asked_for(tmp_path: Path, api_of: ApiOf) -> None:
    api = api_of(tmp_path)
    for path in ("/a", "/b", "/c"):
        api.get(path)
    endpoints = {dict(labels).get("endpoint") for _, labels in scrape(api)}
    assert "none" in endpoints
    assert not endpoints & {"a", "/a", "b", "/b"}


def test_repeated_question_is_a_hit(tmp_path: Path, api_of: ApiOf, database: None) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    of_hits = "cryptoviz_response_cache_requests_total", (("result", "hit"),)
    before = scrape(api)
    query = "date_debut=2026-01-10&date_fin=2026-01-11&intervalle=1h"
    assert [api.history("sentiment", query).status for _ in range(3)] == [200, 200, 200]
    assert scrape(api)[of_hits] - before[of_hits] == 2


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain",
        "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "*/*",
    ],
)
def test_prometheus_gets_its_format(tmp_path: Path, api_of: ApiOf, accept: str) -> None:
    response = api_of(tmp_path).client.get("/metrics", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, "text/plain")


def test_columns_count_what_they_were_asked(tmp_path: Path, api_of: ApiOf, database: None) -> None:
    build_lake(tmp_path, price=[{}])
    api = api_of(tmp_path)
    name, before = "cryptoviz_column_reads_total", scrape(api)
    for limit in (1, 2, 3):
        api.history("prix", f"intervalle=brut&limite={limit}")
    samples = scrape(api)
    counted = {
        result: samples[name, (("result", result),)] - before.get((name, (("result", result),)), 0)
        for result in ("hit", "load", "files")
    }
    assert counted == {"hit": 2, "load": 1, "files": 0}
