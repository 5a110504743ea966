"""gunicorn worker of HTTP, with problems for unreadable requests and time limits for slow clients."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from api.server.buffering_worker import BufferingWorker
from api.server.fd_passing import SocketHandoff, has_body, is_websocket_upgrade, to_head
from api.server.problems import send_problem

_ANSWERS: tuple[tuple[type[BaseException], tuple[int, str]], ...] = (
    (LimitRequestLine, (414, "URI Too Long")),
    (LimitRequestHeaders, (431, "Request Header Fields Too Large")),
    (ParseException, (400, "Bad Request")),
    (BaseException, (500, "Internal Server Error")),
)
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class HttpWorker(BufferingWorker):
    """Worker that answers unreadable requests with problem+json, and disconnects slow clients.

    A request must be whole within `http_request_seconds`, and each piece of its answer must be made and taken within
    `http_piece_seconds`. One that asks for the WebSocket goes through ``handoff``, where there is one.
    """

    handoff: SocketHandoff | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[socket.socket, float] = {}
        self._piece_seconds = 0.0

    def load_wsgi(self) -> None:
        from api.process.lake import (  # after the fork, like all of the application
            current_settings,
            start_warming,
        )

        super().load_wsgi()
        from api.status.sampler import current_sampler  # views, which need Django to be set up

        settings = current_settings()
        self.request_seconds, self._piece_seconds = settings.http_request_seconds, settings.http_piece_seconds
        self.wsgi: Application = self._with_deadlines(self.wsgi)
        start_warming()  # this opens the lake, so that the tail has caught up at the first request
        current_sampler().start()

    def handle(self, conn: Any) -> Any:
        self._deadlines[conn.sock] = time.monotonic() + self.request_seconds
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn.sock, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        if self.handoff is None or not is_websocket_upgrade(req.method, req.path, req.headers):
            return super().handle_request(req, conn)
        if has_body(req.headers):  # the gateway would wait for it
            send_problem(conn.sock, 400, "Bad Request")
            return False
        head = to_head(req.method, req.uri, req.headers) + conn.parser.unreader.take_buffered()
        try:
            self.handoff.send(conn.sock, head)
        except OSError as error:
            self.log.warning("no gateway takes a connection: %s", error)
            send_problem(conn.sock, 503, "Service Unavailable")
            return False
        conn.is_handed_off = True
        return False

    def finish_request(self, conn: Any, fs: Any) -> None:
        if getattr(conn, "is_handed_off", False):
            self.nr_conns -= 1
            conn.sock.close()  # this process's own descriptor; the connection lives on in the gateway
            return
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Disconnect clients that are over time. gunicorn calls this about once a second."""
        super().murder_pending()
        now = time.monotonic()
        for client, deadline in list(self._deadlines.items()):
            if deadline < now:
                with suppress(OSError):  # it may have ended just now
                    client.shutdown(socket.SHUT_RDWR)

    def _with_deadlines(self, application: Application) -> Application:
        def with_deadlines(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            client = environ["gunicorn.socket"]
            self._extend_deadline(client)
            return _Pieces(application(environ, start_response), partial(self._extend_deadline, client))

        return with_deadlines

    def _extend_deadline(self, client: socket.socket) -> None:
        self._deadlines[client] = time.monotonic() + self._piece_seconds

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        status, title = next(answer for kind, answer in _ANSWERS if isinstance(exc, kind))
        if status == 500:
            self.log.error("request failed outside of the application", exc_info=exc)
        try:
            send_problem(client, status, title)
        except OSError:
            self.log.debug("client left before its error was sent")


class _Pieces:
    """The pieces of an answer; ``before`` is called ahead of each."""

    def __init__(self, pieces: Iterable[bytes], before: Callable[[], None]) -> None:
        self._pieces = pieces
        self._before = before

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._pieces)
        while True:
            self._before()
            try:
                piece = next(pieces)
            except StopIteration:
                return
            yield piece

    def close(self) -> None:
        if (close := getattr(self._pieces, "close", None)) is not None:
            close()
