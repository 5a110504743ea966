"""An HTTP server on loopback that answers as a test says: late, cut off, huge, wrong, or well."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. A body that is no bytes is sent piece by piece, until the client hangs up."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[], Iterable[bytes]] = b""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    parameters: Mapping[str, str]


Reply = Answer | Callable[[Asked], Answer]


class ScriptedServer:
    """Between `__enter__` and `__exit__` it listens. The last reply to a path is given again and again."""

    def __init__(self, now_seconds: Callable[[], float] = time.time) -> None:
        """Prepare a server whose Date header tells ``now_seconds``."""
        self.now_seconds = now_seconds
        self.asked: list[Asked] = []
        self._replies: dict[str, deque[Reply]] = {}
        server = self

        class Handler(_Handler):
            scripted = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> "ScriptedServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}{path}"

    def answer(self, path: str, *replies: Reply) -> str:
        """From now on these are the replies to the path; returns its address."""
        self._replies[path] = deque(replies)
        return self.url(path)

    def reply_to(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        replies = self._replies.get(asked.path, deque([Answer(status=404)]))
        reply = replies.popleft() if len(replies) > 1 else replies[0]
        return reply if isinstance(reply, Answer) else reply(asked)


class _Handler(BaseHTTPRequestHandler):
    scripted: ScriptedServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        answer = self.scripted.reply_to(Asked(parts.path, dict(self.headers), dict(parse_qsl(parts.query))))
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if isinstance(answer.body, bytes):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            for piece in [answer.body] if isinstance(answer.body, bytes) else answer.body():
                self.wfile.write(piece)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.scripted.now_seconds() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:
        pass
