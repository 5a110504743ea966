"""The end of the API's processes."""

import subprocess
import sys

import pytest

from tests.support.processes import ROOT, clean_environ

ENDING_WORKER = """
import atexit, os, signal, sys
from api.server.supervisor import _end_worker

def stop(*_):
    sys.exit(3)

for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, stop)
atexit.register(os.kill, os.getpid(), signal.{name})
try:
    sys.exit({code})
except SystemExit:
    _end_worker(None, None)
"""


@pytest.mark.lake
@pytest.mark.parametrize("code", [0, 4])
@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM"])
def test_signal_to_a_worker_that_ends_changes_nothing_and_prints_nothing(name: str, code: int) -> None:
    source = ENDING_WORKER.format(name=name, code=code)
    ended = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT,
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "")
