"""Notebooks: each runs from top to bottom on a real lake, draws its figures, and is text without outputs."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import pytest
from websockets.sync.client import connect

from lakehouse.delta.storage import LakeLocation
from tests.support.feed_lake import build_feed_lake
from tests.support.notebook_lakes import KINDS, build_notebook_lake
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
TOKEN = "of-the-test"
N_FIGURES = {
    "first_look": 1,
    "sentiment_and_price": 2,
    "forecast_evaluation": 5,
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

plt.show = lambda: None  # a notebook shows them; this backend warns
for notebook in sys.argv[1:]:
    runpy.run_path(notebook)
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
    assert (run.returncode, run.stderr) == (0, "")
    drawn = [int(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("figure ")]
    assert len(drawn) == N_FIGURES[notebook.stem]
    assert all(drawn)


@pytest.fixture(scope="module", params=KINDS)
def lake_of_a_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LakeLocation:
    return build_notebook_lake(request.param, tmp_path_factory.mktemp("kind") / "lake")


def test_every_notebook_runs_without_a_word_on_stderr_on_a_lake_of_any_kind(
    lake_of_a_kind: LakeLocation,
) -> None:
    """All in one process a lake: what differs is the lake."""
    environ = os.environ | {"CRYPTOVIZ_LAKE_URI": lake_of_a_kind.uri, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, NOTEBOOKS)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    drawn = [int(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("figure ")]
    assert all(drawn)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_opens_with_words_and_code(notebook: Path) -> None:
    cells = jupytext.read(notebook).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert {cell.cell_type for cell in cells} == {"markdown", "code"}


@pytest.fixture
def jupyter(feed_lake: LakeLocation, tmp_path: Path) -> Iterator[str]:
    """`make notebook` on the lake, without a browser: its address. Set up is what ran the tests."""
    port = free_port()
    options = f"--no-browser --allow-root --IdentityProvider.token={TOKEN} "
    options += f"--ServerApp.port={port} --ServerApp.port_retries=0"
    nothing_to_do = ("--old-file=setup", "--old-file=.venv/.installed-notebooks")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "notebook", *nothing_to_do, f"LAKE={feed_lake.uri}", f"ARGS={options}"],
            cwd=ROOT,
            env=os.environ
            | {"JUPYTER_RUNTIME_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url, process, tmp_path / "log"), "JupyterLab to answer")
        yield url
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return "started" in ask(url, "GET", "/api/status")
    except OSError:
        return False


def ask(url: str, method: str, path: str) -> Any:
    request = urllib.request.Request(
        f"http://{url}{path}", method=method, headers={"Authorization": f"token {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or b"null")


def test_make_notebook_opens_them_on_the_lake(jupyter: str, feed_lake: LakeLocation) -> None:
    """They are listed, open as notebooks, and a kernel of theirs reads the lake that was named."""
    listed = {file["name"] for file in ask(jupyter, "GET", "/api/contents")["content"]}
    assert {notebook.name for notebook in NOTEBOOKS} <= listed
    opened = ask(jupyter, "GET", "/api/contents/first_look.py?type=notebook&content=1")
    assert opened["content"]["cells"][0]["cell_type"] == "markdown"
    kernel = ask(jupyter, "POST", "/api/kernels")["id"]
    code = (
        "import os; from lakehouse import lake; "
        "print(os.environ['CRYPTOVIZ_LAKE_URI'], lake.table('gold_sentiment').arrow().num_rows > 0)"
    )
    assert run_in_kernel(jupyter, kernel, code) == f"{feed_lake.uri} True\n"
    ask(jupyter, "DELETE", f"/api/kernels/{kernel}")


def run_in_kernel(url: str, kernel: str, code: str) -> str:
    """Return what the code prints. Source: Jupyter's messaging protocol 5.3."""
    head = {
        "msg_id": "1",
        "session": "test",
        "username": "test",
        "msg_type": "execute_request",
        "version": "5.3",
    }
    request_message = {
        "header": head,
        "parent_header": {},
        "metadata": {},
        "channel": "shell",
        "content": {"code": code},
    }
    printed = ""
    with connect(f"ws://{url}/api/kernels/{kernel}/channels?token={TOKEN}") as socket_of_kernel:
        socket_of_kernel.send(json.dumps(request_message | {"buffers": []}))
        while True:
            message = json.loads(socket_of_kernel.recv(timeout=60))
            if message["msg_type"] in ("stream", "error"):
                content = message["content"]
                printed += content.get("text") or "\n".join(content["traceback"])
            if message["msg_type"] == "execute_reply":
                return printed
