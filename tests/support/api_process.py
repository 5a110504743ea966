"""The API as a process, for tests that ask it over HTTP or through a browser."""

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.support.processes import ROOT, TAIL_CHARS, ChildProcess, clean_environ

ONE_WORKER = {"CRYPTOVIZ_HTTP_WORKERS": "1"}
"""Each process that answers imports for a second: tests of several ask for several."""


class ApiProcess:
    """`python -m api` on a free port, which it keeps when it is started again."""

    def __init__(self, child: ChildProcess, runtime_dir: Path, *, has_gateway: bool) -> None:
        self._child = child
        self._has_gateway = has_gateway
        self.runtime_dir = runtime_dir
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> str:
        return self._child.log

    def start(self) -> None:
        """Return once it listens, and once it serves WebSockets where it follows a broker."""
        self._child.start(CRYPTOVIZ_HTTP_PORT=str(self.port))
        self.port = int(self._child.wait_log(r"listening on http://127\.0\.0\.1:(\d+)")[1])
        if self._has_gateway:
            self._child.wait_log(r"gateway serves pid=\d+")

    def send_signal(self, number: int) -> None:
        self._child.send_signal(number)

    def wait(self) -> int:
        return self._child.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit code; SIGQUIT waits for no open connection."""
        return self._child.stop(number)

    def kill(self) -> None:
        self._child.kill()

    def end(self, number: int) -> None:
        """Stop it by a signal where it still runs. It must end cleanly, but by SIGKILL."""
        if not self._child.is_running:
            return
        if number == signal.SIGKILL:
            self.kill()
            return
        try:
            exit_code = self.stop(number)
        finally:
            self._child.end()
        assert exit_code == 0, self.log[-TAIL_CHARS:]

    def gateway_pid(self) -> int:
        """Return the process that serves WebSockets, by the log's last line about it."""
        return int(re.findall(r"gateway serves pid=(\d+)", self.log)[-1])

    def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        """Return (status, media type, JSON document) of a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers["Content-Type"], json.loads(response.read())
        finally:
            connection.close()


@contextmanager
def running_api(
    *,
    lake: Path | str,
    runtime_dir: Path,
    bootstrap: str = "",
    stop_signal: int = signal.SIGTERM,
    **environ: str,
) -> Iterator[ApiProcess]:
    """Run an API over a lake until the end of the block; it must then stop cleanly by ``stop_signal``."""
    runtime_dir.mkdir(parents=True, exist_ok=True)
    variables = {
        "CRYPTOVIZ_LAKE_URI": str(lake),
        "CRYPTOVIZ_RUNTIME_DIR": str(runtime_dir),
        "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
    }
    child = ChildProcess.of_module(
        "api",
        log_path=runtime_dir / "api.log",
        environ={name: value for name, value in variables.items() if value} | ONE_WORKER | environ,
    )
    has_gateway = bool(bootstrap) and environ.get("CRYPTOVIZ_TAIL_MESSAGES") != "0"
    api = ApiProcess(child, runtime_dir, has_gateway=has_gateway)
    try:
        api.start()
        yield api
    except BaseException:
        child.end()
        raise
    api.end(stop_signal)


def run_api_to_its_end(**environ: str) -> "subprocess.CompletedProcess[str]":
    """Run an API that refuses to start; stdout and stderr are text."""
    command = [sys.executable, "-m", "api"]
    return subprocess.run(
        command, cwd=ROOT, env=clean_environ(environ), capture_output=True, text=True, timeout=60, check=False
    )


def running_viewer(*, lake: Path, runtime_dir: Path, **variables: str) -> AbstractContextManager[ApiProcess]:
    """Run an API of one process for a browser; it stops without waiting for the browser's idle connections."""
    return running_api(
        lake=lake,
        runtime_dir=runtime_dir,
        stop_signal=signal.SIGQUIT,
        **variables,
    )
