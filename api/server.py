"""The worker that serves the API: gunicorn's, which also answers an unreadable request with a problem."""

import socket
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from api.encoding import PROBLEM_MEDIA_TYPE, encode_json

_ANSWERS: tuple[tuple[type[BaseException], tuple[int, str]], ...] = (
    (LimitRequestLine, (414, "URI Too Long")),
    (LimitRequestHeaders, (431, "Request Header Fields Too Large")),
    (ParseException, (400, "Bad Request")),
    (BaseException, (500, "Internal Server Error")),
)


class ProblemWorker(ThreadWorker):
    """A request that cannot even be parsed gets problem+json as well."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        status, title = next(answer for kind, answer in _ANSWERS if isinstance(exc, kind))
        if status == 500:
            self.log.error("request failed outside of the application", exc_info=exc)
        body = encode_json(
            {
                "type": "about:blank",
                "title": title,
                "status": status,
                "detail": "the request cannot be answered",
            }
        )
        head = (
            f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: {PROBLEM_MEDIA_TYPE}\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            client.sendall(head.encode() + body)
        except OSError:
            self.log.debug("client left before its error was sent")
