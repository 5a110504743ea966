"""gunicorn worker that reads whole requests in its event loop, so that slow clients never hold a thread."""

import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from api.server.problems import send_problem
from api.server.request_bytes import RequestBytes, RequestTooLargeError

MAX_UNFINISHED_BYTES = 32 * 1024 * 1024
"""Bytes of unfinished requests in one process; beyond, the oldest is closed."""
CLOSE_SECONDS = 2.0
"""Seconds for which a client may still send after its connection was half closed, so that it can read its answer."""
_RECEIVE_BYTES = 64 * 1024
_MAX_IGNORED_BYTES = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BufferingWorker(ThreadWorker):
    """Worker that gives a request to a thread once all of it is here, body included.

    Each has ``request_seconds`` to arrive. Where connections or bytes of unfinished requests become too many, the
    oldest unfinished one is closed. After its last answer a connection is closed without waiting in the event loop.
    """

    request_seconds: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._n_unfinished_bytes = 0
        self._closing: deque[Any] = deque()

    def accept(self, listener: Any) -> None:
        """Accept a connection, in place of the oldest idle or unfinished one where there are too many."""
        if self.nr_conns >= self.worker_connections - self.cfg.threads:
            self._drop_oldest()
        super().accept(listener)

    def enqueue_req(self, conn: Any) -> None:
        """Read the next request of a connection, and give it to a thread once it is whole."""
        conn.sock.setblocking(False)
        conn.request, conn.refusal = RequestBytes(), None
        read_ahead = b"" if conn.parser is None else conn.parser.unreader.take_buffered()
        if self._add(conn, read_ahead) or self._receive(conn):
            return
        conn.timeout = time.monotonic() + self.request_seconds
        self._n_unfinished_bytes += len(conn.request.buffer)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive_more, conn))

    def handle(self, conn: Any) -> Any:
        """Answer a whole request, in a thread."""
        conn.data_ready = True
        conn.sock.setblocking(True)
        if conn.refusal is not None:
            with suppress(OSError):
                send_problem(conn.sock, conn.refusal.status, conn.refusal.title)
            return False
        conn.init()
        conn.parser.unreader.unread(bytes(conn.request.buffer))
        return super().handle(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Wait for the next request of a connection, or close it."""
        if fs.cancelled() or fs.exception() is not None or fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # the client has closed already
            self._drop(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout, conn.n_ignored = time.monotonic() + CLOSE_SECONDS, 0
        self._closing.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._ignore, conn))

    def murder_pending(self) -> None:
        """Close connections that are over time. gunicorn calls this about once a second."""
        now = time.monotonic()
        while self.pending_conns and self.pending_conns[0].timeout <= now:
            self._drop_unfinished()
        while self._closing and self._closing[0].timeout <= now:
            self._drop_registered(self._closing.popleft())

    def _receive_more(self, conn: Any, _: Any) -> None:
        n_before = len(conn.request.buffer)
        if self._receive(conn):
            self.pending_conns.remove(conn)
            self._n_unfinished_bytes -= n_before
            return
        self._n_unfinished_bytes += len(conn.request.buffer) - n_before
        if self._n_unfinished_bytes > MAX_UNFINISHED_BYTES:
            self._drop_unfinished()

    def _receive(self, conn: Any) -> bool:
        """Receive what is there. Return whether that ends the wait: for the whole request, or for nothing more."""
        try:
            received = conn.sock.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            received = b""
        if received:
            return self._add(conn, received)
        self._unregister(conn)
        self._drop(conn)
        return True

    def _add(self, conn: Any, received: bytes) -> bool:
        """Add bytes to a request. Return whether a thread has it now, because it is whole or too large."""
        try:
            conn.request.add(received)
        except RequestTooLargeError as error:
            conn.refusal = error
        if conn.refusal is None and not conn.request.is_whole:
            if conn.request.waits_for_continue:
                with suppress(OSError):
                    conn.sock.send(_CONTINUE)
            return False
        self._unregister(conn)
        super().enqueue_req(conn)
        return True

    def _ignore(self, conn: Any, _: Any) -> None:
        """Read on from a connection that is half closed, until the client closes too or sends too much."""
        try:
            n_received = len(conn.sock.recv(_RECEIVE_BYTES))
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            n_received = 0
        conn.n_ignored += n_received
        if not n_received or conn.n_ignored > _MAX_IGNORED_BYTES:
            self._closing.remove(conn)
            self._drop_registered(conn)

    def _drop_oldest(self) -> None:
        if self.pending_conns:
            self._drop_unfinished()
        elif self.keepalived_conns:
            self._drop_registered(self.keepalived_conns.popleft())

    def _drop_unfinished(self) -> None:
        """Close the connection that has been without a whole request for longest."""
        conn = self.pending_conns.popleft()
        self._n_unfinished_bytes -= len(conn.request.buffer)
        self._drop_registered(conn)

    def _drop_registered(self, conn: Any) -> None:
        self._unregister(conn)
        self._drop(conn)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _unregister(self, conn: Any) -> None:
        with suppress(KeyError, ValueError):  # it may never have waited
            self.poller.unregister(conn.sock)
