"""The API and Redis as real processes, to be killed and started again on the same ports."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """A command on a port of its own, its output in a file."""

    def __init__(self, command: list[str], environ: dict[str, str], *, port: int, log_path: Path) -> None:
        self._command = command
        self._environ = environ
        self.port = port
        self._log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    def start(self) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=clean | self._environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._listens, f"{self._command[0]} to listen")

    def kill(self) -> None:
        """kill -9 of the process and its children, at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(40)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def gateway_pid(self) -> int:
        return int(re.findall(r"gateway serves pid=(\d+)", self.log)[-1])

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def api_process(
    *, directory: Path, lake_uri: str, bootstrap: str, port: int | None = None, **environ: str
) -> Iterator[Process]:
    own = port or free_port()
    process = Process(
        [sys.executable, "-m", "api"],
        {
            "CRYPTOVIZ_LAKE_URI": lake_uri,
            "CRYPTOVIZ_RUNTIME_DIR": str(directory / "runtime"),
            "CRYPTOVIZ_HTTP_PORT": str(own),
            "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        }
        | environ,
        port=own,
        log_path=directory / "api.log",
    )
    try:
        process.start()
        yield process
    finally:
        process.end()


@contextmanager
def redis_process(directory: Path) -> Iterator[Process]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = Process(command, {}, port=port, log_path=directory / "redis.log")
    try:
        process.start()
        yield process
    finally:
        process.end()


@contextmanager
def external_process(*, directory: Path, bootstrap: str) -> Iterator[Process]:
    """The WebSocket service that is none of ours."""
    port = free_port()
    command = [sys.executable, "tests/support/external_websocket.py", bootstrap, str(port)]
    process = Process(command, {}, port=port, log_path=directory / "external.log")
    try:
        process.start()
        yield process
    finally:
        process.end()
