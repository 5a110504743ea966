"""Blocks of the tutorial, executed one after the other on a lake that ingestion made."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.feed_lake import build_feed_lake

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_tutorial_runs_from_top_to_bottom(tmp_path: Path) -> None:
    blocks = BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))
    assert len(blocks) == 8
    environ = os.environ | {
        "CRYPTOVIZ_LAKE_URI": build_feed_lake(tmp_path / "lake").uri,
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], env=environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "is gone or never existed" in run.stdout
    assert "'gold_sentimant' is no table; accepted: bronze" in run.stdout
