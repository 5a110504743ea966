"""A real Prometheus scrapes the real pipeline: every query of alerts and dashboard runs and returns its metrics."""

import json
import re
import shutil
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.process.kafka_settings import KafkaSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.kafka.topics import create_topics
from tests.support.api_process import running_api
from tests.support.ports import free_ports
from tests.support.processes import ROOT, ChildProcess
from tests.support.shared_broker import without_topics
from tests.support.waiting import wait_until

DEPLOY = ROOT / "deploy"
JOBS = ("api", "stream", "news", "prices", "compaction")
ONLY_AFTER_SOMETHING_WENT_WRONG = {
    "cryptoviz_ingest_quarantined_total",
    "cryptoviz_interruptions_total",
    "cryptoviz_collect_gaps_total",
}


@contextmanager
def running(*command: str, log: Path, **environ: str) -> Iterator[None]:
    process = ChildProcess(command, log_path=log, environ=environ)
    process.start()
    try:
        yield
    finally:
        process.end()


class Prometheus:
    """The server's own HTTP API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, path: str, **parameters: str) -> Any:
        url = f"{self._url}/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as response:
            document = json.load(response)
        assert document["status"] == "success"
        return document["data"]

    def is_up(self) -> bool:
        """Return whether every job was scraped lately."""
        try:
            found = self.ask("query", query='up{job=~"cryptoviz-.*"}')["result"]
        except OSError:
            return False
        return {each["metric"]["job"] for each in found if each["value"][1] == "1"} == {
            f"cryptoviz-{job}" for job in JOBS
        }

    def names(self) -> set[str]:
        return {name for name in self.ask("label/__name__/values") if name.startswith("cryptoviz_")}


@pytest.fixture
def prometheus(tmp_path: Path, broker_of_worker: EmbeddedBroker) -> Iterator[Prometheus]:
    """With our scrape configuration but for ports and pace, and our rules."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed; `make test` installs it where apt is")
    stream, news, prices, compaction, own = free_ports(5)
    places = {"stream": stream, "news": news, "prices": prices, "compaction": compaction}
    metrics = ",".join(f"{name}=127.0.0.1:{port}" for name, port in places.items())
    broker = without_topics(broker_of_worker)
    with ExitStack() as stack:
        create_topics(KafkaSettings(bootstrap_servers=broker.bootstrap).for_kafka_python())
        environ = {
            "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
            "CRYPTOVIZ_RUNTIME_DIR": str(tmp_path),
            "CRYPTOVIZ_LAKE_URI": str(tmp_path / "lake"),
            "CRYPTOVIZ_METRICS": metrics,
        }
        offline = ("--offline", str(tmp_path / "offline"), "--state", str(tmp_path / "collect"))
        checkpoints = ("--checkpoints", str(tmp_path / "c"), "--analysis-checkpoints", str(tmp_path / "a"))
        for name, arguments in {
            "stream": ("streaming", "run", "--driver-memory", "512m", *checkpoints),
            "offline": ("streaming.offline", "--dir", str(tmp_path / "offline"), "--days", "0.02"),
            "news": ("streaming.collect", "news", *offline),
            "prices": ("streaming.collect", "prices", *offline),
            "compaction": ("compaction", "run", "--every", "2"),
        }.items():
            command = (sys.executable, "-m", *arguments)
            stack.enter_context(running(*command, log=tmp_path / f"{name}.log", **environ))
        api = stack.enter_context(running_api(lake=tmp_path / "lake", runtime_dir=tmp_path, **environ))
        config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(DEPLOY / "prometheus" / "alerts.yml")]
        for job in config["scrape_configs"]:
            port = (places | {"api": api.port})[job["job_name"].removeprefix("cryptoviz-")]
            job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        options = (
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{own}",
        )
        stack.enter_context(running(program, *options, log=tmp_path / "prometheus.log"))
        yield Prometheus(own)


def queries() -> Iterator[str]:
    document = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    yield from (rule["expr"] for group in document["groups"] for rule in group["rules"])
    for panel in json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_every_query_runs_on_what_the_pipeline_gives(prometheus: Prometheus) -> None:
    wanted = {name for query in queries() for name in re.findall(r"\bcryptoviz_\w+", query)}
    wanted -= ONLY_AFTER_SOMETHING_WENT_WRONG
    wait_until(prometheus.is_up, "every process to be scraped")
    try:
        wait_until(lambda: wanted <= prometheus.names(), "every metric")
    except BaseException:
        print("lacking:", wanted - prometheus.names())
        raise
    for query in queries():
        prometheus.ask("query", query=query)
    rules = prometheus.ask("rules")["groups"][0]["rules"]
    assert {rule["name"]: rule["health"] for rule in rules if rule["health"] != "ok"} == {}
