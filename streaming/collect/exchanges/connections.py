"""urllib3 connections whose wait for an answer's headers ends, however slowly a server sends them."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse


class _BoundedConnection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with _cut_off_after(self.timeout, self.sock):
            return super().getresponse()


class _BoundedSecureConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with _cut_off_after(self.timeout, self.sock):
            return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _BoundedSecureConnection


def bound_headers(manager: PoolManager) -> None:
    """Let the connections of a manager end the wait for all headers together after the time-out of a single read."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


@contextlib.contextmanager
def _cut_off_after(seconds: float | None, sock: socket.socket | None) -> Iterator[None]:
    """Shut a socket down unless the block ends within so many seconds; a read of it then ends at once."""
    if seconds is None or sock is None:
        yield
        return

    def cut_off() -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(
                sock, socket.SHUT_RDWR
            )  # TLS would take its own state from under the reader

    timer = threading.Timer(seconds, cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
