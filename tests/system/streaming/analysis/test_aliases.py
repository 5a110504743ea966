"""Asset that an operator adds over REST: the running analysis detects it in texts, and the same after a crash."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lakehouse.aliases.versions import FOLDER, SEED_VERSION, AliasReader, AliasVersion
from tests.support.api_process import ApiProcess, running_api
from tests.support.processes import ROOT
from tests.support.record_accounting import read_table
from tests.support.waiting import wait_until
from tests.system.streaming.analysis.test_sentiment import (
    UP,
    analysing,
    committed,
    results,
    send_texts,
    wait_results,
)
from tests.system.streaming.ingest.conftest import Pipeline

BEFORE = "Zedcoin plunges after an exploit"
AFTER = "Zedcoin surges to a record high"
BOTH = "Bitcoin slides while Zedcoin rallies"
MAKE_TOKEN = """
from datetime import timedelta
from django.contrib.auth import get_user_model
from django.utils import timezone
from api.access.models import create_token
staff = get_user_model().objects.create_superuser("staff")
expires = timezone.now() + timedelta(days=1)
print(create_token(owner=staff, name="test", scopes=["catalogue:write"], expires_time=expires)[1])
"""


def make_token(runtime_dir: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", MAKE_TOKEN],
        cwd=ROOT,
        env=clean | {"CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.strip()


def post_asset(server: ApiProcess, token: str, asset: dict[str, Any]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/v1/catalogue/actifs", json.dumps(asset), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def published(pipeline: Pipeline) -> AliasVersion:
    """Return the version that the analysis reads, once it counts for present texts."""
    version = AliasReader(pipeline.lake).refresh().newest
    assert version.number > 0
    wait_until(lambda: time.time_ns() // 1_000 > version.effective_us, "the aliases to count")
    return version


def results_by_id(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """Return the results by id, but for their times of analysis; a repeat that differs fails."""
    by_id: dict[str, dict[str, Any]] = {}
    for result in results(pipeline):
        one = {name: value for name, value in result.items() if name != "analyzed_time"}
        assert by_id.setdefault(one["message_id"], one) == one
    return by_id


def test_asset_that_an_operator_adds_is_detected_in_texts_and_again_after_a_crash(pipeline: Pipeline) -> None:
    runtime_dir = pipeline.directory / "runtime"
    with running_api(lake=pipeline.lake.to_path(), runtime_dir=runtime_dir) as server:
        assert pipeline.lake.names(FOLDER) == []
        token = make_token(runtime_dir)
        send_texts(pipeline, [BEFORE, UP], name="a")
        with analysing(pipeline):
            wait_results(pipeline, 1)
            asset = {"symbol": "zzz", "name": "Zed", "aliases": {"words": ["Zedcoin"]}}
            assert post_asset(server, token, asset) == 201
            version = published(pipeline)
            send_texts(pipeline, [AFTER, BOTH], name="b")
            wait_results(pipeline, 4)
            wait_until(lambda: len(committed(pipeline)) > 1, "both batches to be committed")

        assert_found(pipeline, version)
        shutil.rmtree(pipeline.directory / "analysis")
        with analysing(pipeline):
            wait_results(pipeline, 8)
        assert_found(pipeline, version)

        pipeline.ingest_all()
        symbols = read_table(pipeline.lake, "gold_sentiment")["symbol"].to_pylist()
        assert sorted(symbols) == ["btc", "btc", "zzz", "zzz"]
        assert_served(server)


def assert_found(pipeline: Pipeline, version: AliasVersion) -> None:
    labelled = {(one["title"], one["symbol"]): one for one in results_by_id(pipeline).values()}
    assert {key: (one["label"], one["model_version"].partition("+")[2]) for key, one in labelled.items()} == {
        (UP, "btc"): ("positive", SEED_VERSION.fingerprint),
        (AFTER, "zzz"): ("positive", version.fingerprint),
        (BOTH, "btc"): ("negative", version.fingerprint),
        (BOTH, "zzz"): ("positive", version.fingerprint),
    }


def assert_served(server: ApiProcess) -> None:
    """Assert that the new symbol is an asset like others."""
    status, _, answer = server.get("/api/v1/sentiment/zzz/historique?periode=24h&intervalle=brut")
    assert (status, sorted(point["title"] for point in answer["points"])) == (200, sorted([AFTER, BOTH]))
    assert server.get("/api/v1/prediction/zzz/historique")[0] == 200
    assert server.get("/api/v1/prix/zzz/historique")[0] == 200
    listed = {asset["symbol"]: asset for asset in server.get("/api/v1/actifs")[2]["actifs"]}
    assert (listed["zzz"]["name"], listed["zzz"]["marche"]) == ("Zed", None)
