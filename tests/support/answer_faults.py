"""Faults of an HTTP answer, each a function of a seeded draw and the answer: what servers and networks do to it."""

import gzip
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from xml.etree import ElementTree as xml

ATOM = "{http://www.w3.org/2005/Atom}"
_RETRY_AFTER_SECONDS = 1
_DECLARED_CHARSETS = ("iso-8859-1", "windows-1252", "utf-16", "us-ascii", "klingon")
_CONTENT_TYPES = ("text/html", "application/octet-stream", "image/png", "text/plain", "nonsense", "")
_MAINTENANCE = (
    b"<!doctype html><html><head><title>Back soon</title></head><body><p>We are sorry.</body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAnswer:
    """An answer on its way to a client.

    ``first_wait_seconds`` pass before it, ``pause_seconds`` between its pieces; only ``n_sent`` of its bytes arrive.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    first_wait_seconds: float = 0.0
    pause_seconds: float = 0.0
    n_sent: int | None = None

    def with_headers(self, **changed: str) -> "ProxyAnswer":
        """Return it with other headers, whose names are written with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in named}
        return replace(self, headers=kept | named)


Fault = Callable[[random.Random, ProxyAnswer, ProxyAnswer], ProxyAnswer]
"""(draw, answer, an earlier answer of the same address) -> what the client gets."""


def _slow(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, first_wait_seconds=draw.uniform(0.05, 0.3))


def _dripping(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, pause_seconds=draw.uniform(0.02, 0.1))


def _too_slow(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, first_wait_seconds=1.5)


def _cut(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, n_sent=draw.randrange(len(answer.body)) if answer.body else None)


def _cut_with_a_right_length(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, body=answer.body[: draw.randrange(len(answer.body) + 1)])


def _dropped(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, n_sent=-1)


def _empty(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, body=b"")


def _twice(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, body=answer.body * 2)


def _stale(draw: random.Random, answer: ProxyAnswer, earlier: ProxyAnswer) -> ProxyAnswer:
    return earlier


def _repeated_items(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _with_items(answer, lambda items: [each for one in items for each in [one] * draw.choice((1, 2))])


def _shuffled_items(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _with_items(answer, lambda items: draw.sample(items, len(items)))


def _reversed_items(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _with_items(answer, lambda items: items[::-1])


def _too_many_requests(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _instead(answer, 429, retry_after=str(_RETRY_AFTER_SECONDS))


def _too_many_requests_until(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    until = parsedate_to_datetime(answer.headers["date"]) + timedelta(seconds=1 + _RETRY_AFTER_SECONDS)
    return _instead(answer, 429, retry_after=format_datetime(until, usegmt=True))


def _unavailable(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _instead(answer, 503, **draw.choice(({}, {"retry_after": str(_RETRY_AFTER_SECONDS)})))


def _server_error(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _instead(answer, draw.choice((500, 502, 504)))


def _maintenance_page(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return _instead(answer, 200)


def _wrong_type(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return answer.with_headers(content_type=draw.choice(_CONTENT_TYPES))


def _wrong_charset(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    """Declare another charset than the body's in the header, or in the document itself."""
    charset = draw.choice(_DECLARED_CHARSETS)
    if draw.random() < 0.5:
        media_type = answer.headers.get("content-type", "text/xml").partition(";")[0]
        return answer.with_headers(content_type=f"{media_type}; charset={charset}")
    declared = answer.body.replace(b"'utf-8'?>", f"'{charset}'?>".encode(), 1)
    return replace(answer, body=declared).with_headers(content_type="application/xml")


def _other_encoding(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    """Send the text in another encoding than the one that header and document go on declaring."""
    text = answer.body.decode("utf-8")
    encoding = draw.choice(("utf-16", "windows-1252"))
    return replace(answer, body=text.encode(encoding, "xmlcharrefreplace"))


def _undeclared_gzip(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return replace(answer, body=gzip.compress(answer.body))


def _falsely_declared_gzip(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    return answer.with_headers(content_encoding="gzip")


def _gzip_in_parts(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    middle = draw.randrange(len(answer.body) + 1)
    body = gzip.compress(answer.body[:middle]) + gzip.compress(answer.body[middle:])
    return replace(answer, body=body).with_headers(content_encoding="gzip")


def _cut_gzip(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    whole = gzip.compress(answer.body)
    return replace(answer, body=whole[: draw.randrange(len(whole))]).with_headers(content_encoding="gzip")


def _exchange_error(draw: random.Random, answer: ProxyAnswer, _: ProxyAnswer) -> ProxyAnswer:
    error = draw.choice(("EService:Unavailable", "EService:Busy", "EAPI:Rate limit exceeded"))
    return replace(answer, status=200, body=json.dumps({"error": [error]}).encode())


_FAULTS: tuple[Fault, ...] = (
    _slow, _dripping, _too_slow, _cut, _cut_with_a_right_length, _dropped, _empty, _twice, _stale,
    _repeated_items, _shuffled_items, _reversed_items, _too_many_requests, _too_many_requests_until,
    _unavailable, _server_error, _maintenance_page, _wrong_type, _wrong_charset, _other_encoding,
    _undeclared_gzip, _falsely_declared_gzip, _gzip_in_parts, _cut_gzip,
)  # fmt: skip
FEED_FAULTS: Mapping[str, Fault] = {each.__name__.strip("_"): each for each in _FAULTS}
EXCHANGE_FAULTS: Mapping[str, Fault] = FEED_FAULTS | {"exchange_error": _exchange_error}


def without_trades(body: bytes, is_withheld: Callable[[int], bool]) -> bytes:
    """Return an answer of trades without those whose numbers are withheld, and any other answer as it is."""
    document = json.loads(body)
    for rows in (document.get("result") or {}).values():
        if isinstance(rows, list):
            rows[:] = [row for row in rows if not is_withheld(row[6])]
    return json.dumps(document).encode()


def _instead(answer: ProxyAnswer, status: int, **headers: str) -> ProxyAnswer:
    """Return another answer of the same moment: a page for people."""
    sent = ProxyAnswer(status=status, headers={"date": answer.headers["date"]}, body=_MAINTENANCE)
    return sent.with_headers(content_type="text/html", **headers)


def _with_items(answer: ProxyAnswer, change: Callable[[list], list]) -> ProxyAnswer:
    """Return it with its items in another order or number; without items as it is."""
    if not answer.body:
        return answer
    if answer.body.startswith(b"{"):
        document = json.loads(answer.body)
        for rows in (document.get("result") or {}).values():
            if isinstance(rows, list):
                rows[:] = change(rows)
        return replace(answer, body=json.dumps(document).encode())
    root = xml.fromstring(answer.body)
    parent = root if root.tag.startswith(ATOM) else root[0]
    items = [each for each in parent if each.tag in ("item", f"{ATOM}entry")]
    for each in items:
        parent.remove(each)
    parent.extend(change(items))
    return replace(answer, body=xml.tostring(root, encoding="utf-8", xml_declaration=True))
