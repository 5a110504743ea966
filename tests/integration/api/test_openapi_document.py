"""The published OpenAPI document against the running server: well-formed and malformed questions of every path."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.lake import Lake
from lakehouse.score_refresh import refresh_scores
from tests.integration.api.server_process import ROOT, running_server
from tests.lake_builder import build_lake

SEED = 5
N_EXAMPLES = 12
TIMEOUT_SECONDS = 400
PATHS_OF_PEOPLE = "^/api/v1/(catalogue|vues|jetons|configuration|maintenance|session)"
CONFIG = """
hooks = "tests.integration.api.schema_hooks"
seed = {seed}

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 404, 410]
"""


def recent_lake(path: Path) -> None:
    """Events of the last hours, so that a question without dates has an answer, and their scores."""
    newest = datetime.now(UTC).replace(microsecond=0)
    times = [newest - timedelta(minutes=7 * n) for n in range(100)]
    builder = build_lake(
        path,
        sentiment=[{"event_time": time} for time in times],
        prediction=[{"made_at": time, "target_time": time + timedelta(hours=1)} for time in times],
        price=[{"event_time": time, "price": 100.0 + time.minute} for time in times],
    )
    refresh_scores(Lake(builder.location))


@pytest.mark.timeout(TIMEOUT_SECONDS + 60)
def test_schemathesis_finds_no_failure(tmp_path: Path) -> None:
    recent_lake(tmp_path / "lake")
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(seed=SEED))
    with running_server(lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime") as server:
        url = f"http://127.0.0.1:{server.port}/api/v1/schema"
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", url]
        # Rows of people are another matter: who may, and which version (tests/unit/api/access, .../metadata).
        options = [
            "--exclude-path-regex",
            PATHS_OF_PEOPLE,
            "--max-examples",
            str(N_EXAMPLES),
            "--no-color",
            "--generation-database",
            "none",
        ]
        run = subprocess.run(
            [*command, *options, "--continue-on-failure", "--no-shrink", "--warnings", "off"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
