"""The notebooks run from top to bottom on a lake."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.lake_builder import build_lake

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_from_top_to_bottom(notebook: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(minutes=number) for number in range(3)]
    builder = build_lake(
        tmp_path / "lake",
        sentiment=[{"event_time": time} for time in times],
        price=[{"event_time": time} for time in times],
        prediction=[{"made_at": time} for time in times],
    )
    for name in ("quarantine", "duplicates"):
        builder.open(name)
    environ = os.environ | {"CRYPTOVIZ_LAKE_URI": builder.location.uri, "PYTHONPATH": str(ROOT)}

    run = subprocess.run(
        [sys.executable, str(notebook)], env=environ, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert "3 rows" in run.stdout
