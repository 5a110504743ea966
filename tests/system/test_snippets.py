"""Python blocks of the pages that one reads first, executed as they stand beside a lake that the demo left."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.feed_lake import build_feed_lake
from tests.support.processes import ROOT, clean_environ

BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def after_the_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    build_feed_lake(folder / ".runtime" / "demo" / "lake", n_days=0.5)
    return folder


@pytest.mark.parametrize(
    ("page", "printed"), [("README.md", "│ texts │"), ("docs/fr/index.md", "│ textes │")]
)
def test_blocks_run_as_they_stand_after_the_demo(after_the_demo: Path, page: str, printed: str) -> None:
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        run = subprocess.run(
            [sys.executable, "-c", block],
            cwd=after_the_demo,
            env=clean_environ({"PYTHONPATH": str(ROOT)}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
        assert printed in run.stdout


def test_a_lake_of_the_settings_that_is_not_there_names_the_variables(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from lakehouse import lake; lake.table('gold_price').arrow()"],
        cwd=tmp_path,
        env=clean_environ({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "lake does not exist at file:///" in run.stderr
    assert "CRYPTOVIZ_LAKE_URI or CRYPTOVIZ_RUNTIME_DIR" in run.stderr
