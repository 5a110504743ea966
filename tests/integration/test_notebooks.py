"""The notebooks run from top to bottom on a real lake, draw what they promise, and are kept as text without outputs."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from lakehouse.storage import LakeLocation
from tests.feed_lake import build_feed_lake

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
N_FIGURES = {
    "first_look": 1,
    "sentiment_and_price": 2,
    "forecast_evaluation": 4,
    "time_travel": 2,
    "quality": 3,
}
# Runs a notebook and prints, for each figure, how many things are drawn in it.
RUN = """
import matplotlib
import runpy
import sys

matplotlib.use("Agg")
import matplotlib.pyplot as plt

runpy.run_path(sys.argv[1])
for number in plt.get_fignums():
    plt.figure(number).canvas.draw()
    print("figure", sum(axes.has_data() for axes in plt.figure(number).axes))
"""


@pytest.fixture(scope="module")
def feed_lake(tmp_path_factory: pytest.TempPathFactory) -> LakeLocation:
    return build_feed_lake(tmp_path_factory.mktemp("notebooks") / "lake")


def test_every_notebook_is_one_that_the_tests_know() -> None:
    assert {notebook.stem for notebook in NOTEBOOKS} == set(N_FIGURES)
    assert list((ROOT / "notebooks").rglob("*.ipynb")) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_from_top_to_bottom_and_draws(notebook: Path, feed_lake: LakeLocation) -> None:
    environ = os.environ | {"CRYPTOVIZ_LAKE_URI": feed_lake.uri, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", RUN, str(notebook)], env=environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    drawn = [int(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("figure ")]
    assert len(drawn) == N_FIGURES[notebook.stem]
    assert all(drawn)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_opens_with_words_and_code(notebook: Path) -> None:
    cells = jupytext.read(notebook).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert {cell.cell_type for cell in cells} == {"markdown", "code"}
