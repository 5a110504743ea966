"""HTTP server on loopback: /news/OUTLET.rss and .atom, and /exchange/0/public/METHOD."""

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from lakehouse.time_range import DAY_US, to_time
from streaming.offline.exchange_api import ExchangeApi
from streaming.offline.feed_page import ORIGIN, FeedPage, to_feed_page
from streaming.offline.news_wire import OUTLETS, News, NewsWire
from streaming.offline.trades import TradeBook

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_STOP_SECONDS = 0.05
_FEED = re.compile(r"/news/([a-z]+)\.(rss|atom)")
_EXCHANGE = re.compile(r"/exchange/0/public/([A-Za-z]+)")


class World:
    """Feeds and exchange at any moment, and all that they ever gave.

    Both give the last ``days``, and nothing of before ``first_us``.
    """

    def __init__(self, book: TradeBook, *, days: float, first_us: int = 0) -> None:
        self.exchange = ExchangeApi(book, days=days, first_us=first_us)
        self._wire: NewsWire = book.wire
        self._days = days
        self._first_us = first_us
        self._pages: dict[tuple[str, str], tuple[tuple[str, ...], FeedPage]] = {}

    def feed_page(self, source: str, kind: str, *, now_us: int) -> FeedPage | None:
        """Return the feed as of now; None for an unknown outlet. It is rendered again only when its texts changed."""
        outlet = OUTLETS.get(source)
        if outlet is None:
            return None
        listed = self.texts_given(now_us, now_us)
        news = [each for each in listed if each.outlet == source]
        guids = tuple(each.guid for each in news)
        last_guids, page = self._pages.get((source, kind), (None, None))
        if page is None or last_guids != guids:
            page = to_feed_page(outlet, news, kind=kind)
            self._pages[source, kind] = guids, page
        return page

    def texts_given(self, from_us: int, until_us: int) -> list[News]:
        """Return every text that a feed listed at some instant of [from_us, until_us], in the order of time."""
        return self._wire.between(max(from_us - round(self._days * DAY_US), self._first_us), until_us)


class OfflineServer:
    """Server of a world in a thread of its own, between `__enter__` and `__exit__`."""

    def __init__(
        self, world: World, *, port: int = 0, now_us: Callable[[], int] = lambda: time.time_ns() // 1_000
    ) -> None:
        """Listen at once. Raises: OSError where the port is taken."""

        class Handler(_Handler):
            pass

        Handler.world, Handler.now_us = world, staticmethod(now_us)
        self._server = ThreadingHTTPServer((HOST, port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOP_SECONDS,), name="offline", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> "OfflineServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "cryptoviz-offline"
    world: World
    now_us: Callable[[], int]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        feed, method = _FEED.fullmatch(parts.path), _EXCHANGE.fullmatch(parts.path)
        if feed and (page := self.world.feed_page(feed[1], feed[2], now_us=self.now_us())):
            self._send_feed(page)
            return
        answer = None
        if method:
            parameters = dict(parse_qsl(parts.query))
            answer = self.world.exchange.answer(method[1], parameters, now_us=self.now_us())
        if answer is None:
            self._send(HTTPStatus.NOT_FOUND, b"There is no such page.\n", {"Content-Type": "text/plain"})
            return
        self._send(HTTPStatus.OK, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def log_message(self, format: str, *args: object) -> None:
        logger.debug(format, *args)

    def _send_feed(self, page: FeedPage) -> None:
        headers = {
            "Content-Type": page.content_type,
            "ETag": page.etag,
            "Last-Modified": format_datetime(to_time(page.modified_us), usegmt=True),
        }
        if self._is_current(page):
            self._send(HTTPStatus.NOT_MODIFIED, b"", headers)
        else:
            self._send(HTTPStatus.OK, page.body, headers)

    def _is_current(self, page: FeedPage) -> bool:
        """Return whether the client has this page. Source: RFC 9110, 13.2.2: a date counts only without an ETag."""
        etags = self.headers.get("If-None-Match")
        if etags is not None:
            return page.etag in (each.strip().removeprefix("W/") for each in etags.split(","))
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
            return to_time(page.modified_us) <= since
        except (ValueError, TypeError):
            return False

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Origin", ORIGIN)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
