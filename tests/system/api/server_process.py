"""A real `python -m api` for tests that ask it over HTTP."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
STOP_SECONDS = 40


class Server:
    """A running server and its port."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers["Content-Type"], json.loads(response.read())
        finally:
            connection.close()


def start(environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """`python -m api` with these CRYPTOVIZ_* variables and no other."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    return subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env=clean | dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running_server(*, lake: Path, runtime_dir: Path, **environ: str) -> Iterator[Server]:
    """Yield a server over the lake at a path, on a free port, which has to stop cleanly at the end."""
    process = start(
        {
            "CRYPTOVIZ_LAKE_URI": str(lake),
            "CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir),
            "CRYPTOVIZ_HTTP_PORT": "0",
        }
        | environ
    )
    assert process.stdout is not None
    announced = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
    assert announced is not None
    try:
        yield Server(process, int(announced[1]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=STOP_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()
