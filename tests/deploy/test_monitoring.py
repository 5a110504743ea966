"""Queries of alerts and dashboard against the names and labels of the defined metrics."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
OPERATIONS = ROOT / "docs" / "operations.md"

_DEFINED = """
import json, sys
from prometheus_client import REGISTRY
import compaction.metrics, streaming.analysis.metrics, streaming.collect.metrics, streaming.ingest.metrics
import streaming.metrics, api.metrics.registry
import django
django.setup()
from datetime import UTC, datetime
from pathlib import Path
from api.maintenance.models import MaintenanceRun
from api.maintenance.selectors import MaintenanceState
from api.status.lake_metrics import LakeMetrics
from api.status.state import Lag, LakeState, TableState
from lakehouse.delta.catalog import Build
from lakehouse.delta.position import Position

labels = {}
for collector in set(REGISTRY._collector_to_names):
    for family in collector.describe() if hasattr(collector, "_labelnames") else ():
        own = list(collector._labelnames)
        names = {"counter": [f"{family.name}_total"], "gauge": [family.name]}.get(family.type)
        for name in names or [f"{family.name}_{part}" for part in ("bucket", "sum", "count")]:
            labels[name] = own + (["le"] if name.endswith("_bucket") else [])
table = TableState(
    name="bronze", version=1, build_id="b", position=Position({}), n_rows=1, n_bytes=1, n_files=1, commit_time_us=1,
    retained_from_us=None, newest_event_us=1, newest_ingest_us=1, origins=[],
)
run = MaintenanceRun(
    command="run", ended_time=datetime(2026, 1, 10, tzinfo=UTC), exit_code=0, figures={"n_rewrites": 1}
)
state = LakeState(
    now_us=1, build=Build(1, "b", "", {}), tables=[table], absent=[], is_kafka_known=True,
    lags=[Lag(table="bronze", topic="raw-news", topic_id="t", partition=0, position=0, end_offset=1)],
    losses=[], corrections=[], origins=[],
    maintenance=MaintenanceState(
        newest_runs=[run], every_seconds=0, last_began_seconds_ago=None, is_missed=False, n_failed_in_a_row=0
    ),
)
for family in LakeMetrics(lambda: state, folder=Path(".")).collect():
    for sample in family.samples:
        labels[sample.name] = list(sample.labels)
json.dump(labels, sys.stdout)
"""


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return {sample name: labels} of every metric, as their definitions give them; in a process of its own."""
    environment = os.environ | {
        "CRYPTOVIZ_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime")),
        "DJANGO_SETTINGS_MODULE": "api.config.settings",
    }
    run = subprocess.run(
        [sys.executable, "-c", _DEFINED],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return {name: set(labels) for name, labels in json.loads(run.stdout).items()}


def alerts() -> list[dict[str, str]]:
    document = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def to_selectors(query: str) -> Iterator[tuple[str, set[str]]]:
    """(metric, labels that are matched) of each selector of ours in a query."""
    for name, matchers in re.findall(r"\b(cryptoviz_\w+)(?:\{([^}]*)\})?", query):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))


@pytest.mark.parametrize(
    ("of", "query"), [pytest.param(*each, id=f"{each[0]}: {each[1]}") for each in queries()]
)
def test_query_asks_for_metrics_and_labels_that_there_are(
    defined: dict[str, set[str]], of: str, query: str
) -> None:
    selectors = list(to_selectors(query))
    assert selectors or "up{" in query
    for name, labels in selectors:
        assert name in defined
        assert labels <= defined[name]
    grouped = {
        label.strip() for names in re.findall(r"\b(?:by|on) \(([^)]*)\)", query) for label in names.split(",")
    }
    known = set().union(*(defined[name] for name, _ in selectors)) if selectors else set()
    assert grouped <= known


def test_legends_name_labels_that_their_metrics_have(defined: dict[str, set[str]]) -> None:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            known = {"job"}.union(*(defined[name] for name, _ in to_selectors(target["expr"])))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= known, target


def test_metric_that_is_given_is_looked_at_or_explained(defined: dict[str, set[str]]) -> None:
    """Nobody has to guess what a metric is for: a query uses it, or the operations guide names it."""
    asked = {name for _, query in queries() for name, _ in to_selectors(query)}
    guide = OPERATIONS.read_text()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in defined}
    asked_families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert {name for name in families - asked_families if name not in guide} == set()


def test_alert_says_how_bad_what_and_where_to_read_on() -> None:
    headings = re.findall(r"^#+ (.+)$", OPERATIONS.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (file, anchor in anchors) == ("docs/operations.md", True), anchor


def test_every_alert_has_a_test_that_it_fires_and_one_that_it_is_quiet() -> None:
    names = [test["name"] for test in yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]]
    assert names == [f"{rule['alert']} {word}" for rule in alerts() for word in ("fires", "is quiet")]


@pytest.mark.lake
@pytest.mark.parametrize(
    "what",
    [
        ("check", "rules", "alerts.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
)
def test_promtool_agrees(what: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; `make test` installs it (Debian: prometheus)")
    run = subprocess.run(
        [promtool, *what], cwd=PROMETHEUS, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr
