"""Deadline of an exchange: of name servers, connection, TLS, redirects, headers and bodies together."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

from streaming.collect.errors import FetchError


class Deadline:
    """Context in which one exchange takes place; once its time is over, its socket is shut down and reads end.

    A time-out of a socket is that of a single read, which a server that drips bytes never exceeds.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut_off)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self.release()

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def remaining_seconds(self) -> float:
        """Return the time that is left. Raises: FetchError where none is."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise self.error()
        return remaining

    def hold(self, connected: socket.socket) -> None:
        """Let this socket be the one that is shut down."""
        with self._lock:
            self._socket = connected
        if self.is_over:
            self._cut_off()

    def release(self) -> None:
        """Let the socket be, for the next exchange over it."""
        with self._lock:
            self._socket = None

    def error(self) -> FetchError:
        return FetchError(f"no whole answer within {self.seconds:g} s (timeout_seconds of the source)")

    def _cut_off(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._socket is not None:
                # The method of TLS would take its own state from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
