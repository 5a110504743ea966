"""Commands that run to their end print nothing on stderr that is not theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lake_builder import build_lake

ROOT = Path(__file__).resolve().parents[2]
# A thread in the background that reaches a connection is what made nanobind report leaks.
BACKGROUND = """
import threading
from lakehouse.lake import open as open_lake
from lakehouse.process.stopping import end_process
lake = open_lake({lake!r})
lake.session.fetch_rows("SELECT 1", [], spec=None)
threading.Thread(target=lambda: (lake, threading.Event().wait()), daemon=True).start()
end_process(0)
"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime")
    build_lake(folder / "lake", sentiment=[{}], price=[{}])
    return folder


def run(runtime: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean | {"CRYPTOVIZ_RUNTIME_DIR": str(runtime), "CRYPTOVIZ_LOG_LEVEL": "WARNING"},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


@pytest.mark.parametrize(
    "command",
    [
        "compaction plan",
        "compaction run",
        "compaction compact --now",
        "compaction history",
        "streaming.doctor",
        "streaming.broker status",
        "streaming.ingest --help",
        "streaming.offline --help",
    ],
)
def test_command_leaves_stderr_empty(runtime: Path, command: str) -> None:
    done = run(runtime, "-m", *command.split())

    assert done.stderr == ""


def test_thread_in_the_background_leaves_stderr_empty(runtime: Path) -> None:
    done = run(runtime, "-c", BACKGROUND.format(lake=str(runtime / "lake")))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "module", ["streaming", "streaming.ingest", "streaming.analysis", "streaming.broker"]
)
def test_help_imports_no_spark_and_no_kafka(runtime: Path, module: str) -> None:
    code = (
        f"import runpy, sys; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module('{module}', run_name='__main__')\n"
        "except SystemExit as ended: code = ended.code\n"
        "print([name for name in ('pyspark', 'kafka') if name in sys.modules], code)"
    )

    assert run(runtime, "-c", code).stdout.splitlines()[-1] == "[] 0"
