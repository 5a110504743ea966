"""Servers of others as processes: Redis, and a WebSocket service that shares no code with this project."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port
from tests.support.processes import ChildProcess


class ServerProcess:
    """A server of somebody else on a port of this machine, which it keeps when it is started again."""

    def __init__(self, child: ChildProcess, port: int) -> None:
        self._child = child
        self.port = port

    @property
    def log(self) -> str:
        return self._child.log

    def start(self) -> None:
        """Return once it listens."""
        self._child.start()
        self._child.wait_port(self.port)

    def kill(self) -> None:
        self._child.kill()

    def end(self) -> None:
        self._child.end()


@contextmanager
def running_redis(directory: Path) -> Iterator[ServerProcess]:
    """Run a Redis that keeps nothing on disk."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with _running(ServerProcess(ChildProcess(command, log_path=directory / "redis.log"), port)) as redis:
        yield redis


@contextmanager
def running_external_websocket(*, directory: Path, bootstrap: str) -> Iterator[ServerProcess]:
    """Run the WebSocket service that shares no code with this project."""
    port = free_port()
    command = [sys.executable, "tests/support/external_websocket.py", bootstrap, str(port)]
    with _running(ServerProcess(ChildProcess(command, log_path=directory / "external.log"), port)) as server:
        yield server


@contextmanager
def _running(server: ServerProcess) -> Iterator[ServerProcess]:
    try:
        server.start()
        yield server
    finally:
        server.end()
