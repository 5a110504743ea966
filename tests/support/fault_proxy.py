"""An HTTP proxy on loopback before one server: it passes each answer on with a fault that its seed chooses."""

import http.client
import random
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.answer_faults import EXCHANGE_FAULTS, FEED_FAULTS, Fault, ProxyAnswer, without_trades

GOOD = "good"
_PASSED_ON = ("content-type", "etag", "last-modified")
_CONDITIONAL = ("if-none-match", "if-modified-since")
_PIECE_BYTES = 16_384

POLLED = ("/news/", "/exchange/0/public/Trades ")

IsWithheld = Callable[[int], bool]
"""Number of a trade -> whether no answer ever holds it."""


class FaultProxy:
    """Proxy between `__enter__` and `__exit__`, of a server with the paths of `streaming.offline`.

    Feeds, and the exchange, meet every fault once before they meet one again; between them are good answers,
    ``good_share`` of all; faults may be left out. The order is a function of the seed alone. Withheld trades are in
    no answer.
    """

    def __init__(
        self,
        server_url: str,
        *,
        seed: int,
        is_withheld: IsWithheld,
        good_share: float = 0.4,
        left_out: Collection[str] = (),
        now_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self.n_by_fault: Counter[str] = Counter()
        self.n_by_address: Counter[str] = Counter()
        self._server = urlsplit(server_url).netloc
        self._seed = seed
        self._good_share = good_share
        self._now_us = now_us
        self._left_out = frozenset(left_out)
        self._is_withheld = is_withheld
        self._is_calm = False
        self._lock = threading.Lock()
        self._decks: dict[str, Iterator[tuple[str, random.Random]]] = {}
        self._earlier: dict[str, deque[ProxyAnswer]] = {}
        proxy = self

        class Handler(_Handler):
            faults = proxy

        self._http = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def calm(self) -> None:
        """Inject no fault from now on, and count the answers of each address from 0."""
        with self._lock:
            self._is_calm = True
            self.n_by_address = Counter(dict.fromkeys(self.n_by_address, 0))

    def n_answers(self, prefix: str) -> int:
        """Return the number of answers of addresses that begin so."""
        with self._lock:
            return sum(n for address, n in self.n_by_address.items() if address.startswith(prefix))

    def n_fewest_answers(self) -> int:
        """Return the number of answers of the feed or market that gave the fewest."""
        with self._lock:
            return min(n for address, n in self.n_by_address.items() if address.startswith(POLLED))

    def answer(self, path: str, headers: Mapping[str, str]) -> ProxyAnswer:
        """Ask the server, and return its answer with the next fault of its address."""
        address = _address(path)
        with self._lock:
            self.n_by_address[address] += 1
            name, draw = (GOOD, random.Random()) if self._is_calm else self._next_fault(address)
            self.n_by_fault[name] += 1
        if name == GOOD:
            return self._ask(path, {key: headers[key] for key in headers if key.lower() in _CONDITIONAL})
        answer = self._ask(path, {})  # whole, so that there is something to spoil
        with self._lock:
            earlier = self._earlier.setdefault(address, deque(maxlen=4))
            earlier.append(answer)
            return _faults_of(address)[name](draw, answer, earlier[0])

    def _ask(self, path: str, headers: Mapping[str, str]) -> ProxyAnswer:
        connection = http.client.HTTPConnection(self._server, timeout=20)
        try:
            connection.request("GET", path, headers=dict(headers))
            response = connection.getresponse()
            body = response.read()
            passed_on = {name: value for name in _PASSED_ON if (value := response.headers.get(name))}
            passed_on["date"] = formatdate(self._now_us() / 1e6, usegmt=True)
        finally:
            connection.close()
        answer = ProxyAnswer(status=response.status, headers=passed_on, body=body)
        if "pair=" not in path:
            return answer
        return replace(answer, body=without_trades(body, self._is_withheld))

    def _next_fault(self, address: str) -> tuple[str, random.Random]:
        kind = address.split("/")[1]
        if kind not in self._decks:
            names = sorted(_faults_of(address).keys() - self._left_out)
            self._decks[kind] = _deal(f"{self._seed} {kind}", names, self._good_share)
        return next(self._decks[kind])


def _deal(seed: str, faults: Sequence[str], good_share: float) -> Iterator[tuple[str, random.Random]]:
    """Yield names of faults for ever, shuffled, each with its own draw."""
    order = random.Random(seed)
    n_good = round(len(faults) * good_share / (1 - good_share))
    while True:
        names = [*faults, *[GOOD] * n_good]
        for name in order.sample(names, len(names)):
            yield name, random.Random(order.random())


def _address(path: str) -> str:
    """Return the path, and the market of a question for trades, whose instant differs each time."""
    parts = urlsplit(path)
    return " ".join([parts.path, *parse_qs(parts.query).get("pair", [])])


def _faults_of(address: str) -> Mapping[str, Fault]:
    return FEED_FAULTS if address.startswith("/news/") else EXCHANGE_FAULTS


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent where a client was killed; any other error is a fault of this proxy."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: FaultProxy

    def do_GET(self) -> None:
        answer = self.faults.answer(self.path, dict(self.headers))
        self.faults.closing.wait(answer.first_wait_seconds)
        try:
            self._send(answer)
        except OSError:  # the client did not wait for it
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _send(self, answer: ProxyAnswer) -> None:
        if answer.n_sent == -1:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        body = answer.body if answer.n_sent is None else answer.body[: answer.n_sent]
        for start in range(0, len(body), _PIECE_BYTES):
            self.wfile.write(body[start : start + _PIECE_BYTES])
            self.faults.closing.wait(answer.pause_seconds)
        self.close_connection = answer.n_sent is not None
