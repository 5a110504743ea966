"""Conditional GET of a feed: identified, bounded in bytes and time, with checked addresses."""

from dataclasses import dataclass

from requests.structures import CaseInsensitiveDict

from streaming.collect.clock import Clock
from streaming.collect.errors import FetchError, SourceGoneError
from streaming.collect.network.compression import DecompressionError, UnknownCodingError, decode_body
from streaming.collect.network.deadline import Deadline
from streaming.collect.network.exchange import Answer, Exchange, Request, too_long
from streaming.collect.network.http_rules import USER_AGENT, retry_after_seconds, sent_time_us
from streaming.collect.network.redirects import follow
from streaming.collect.source import NewsSource

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, "
    "*/*;q=0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """Validators of a source's last answer, for the next conditional request."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer. ``body`` is None where nothing changed; ``moved_to`` is the address to request from now on.

    ``sent_us`` is when it was sent by the server's own clock, None where it does not say.
    """

    status: int
    body: bytes | None
    content_type: str
    url: str
    validators: Validators
    moved_to: str | None = None
    sent_us: int | None = None


class Fetcher:
    """Fetches feeds over an exchange: one deadline for name, connection, redirects and body together."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock

    def fetch(self, source: NewsSource, url: str, *, validators: Validators) -> Fetched:
        """Return the answer of an address of a source after redirects, within the source's limits.

        At most ``max_bytes`` are held, compressed or not. Raises: FetchError; SourceGoneError for 410.
        """
        request = Request(url=url, headers=_headers(validators))
        with Deadline(source.timeout_seconds) as deadline:
            followed = follow(
                self._exchange,
                request,
                deadline=deadline,
                max_bytes=source.max_bytes,
                private=source.private,
            )
        answer = followed.answer
        self._check_status(answer)
        return Fetched(
            status=answer.status,
            body=None if answer.status == 304 else _decoded(answer, source.max_bytes),
            content_type=answer.header("content-type"),
            url=answer.url,
            validators=_validators(answer, validators),
            moved_to=followed.moved_to,
            sent_us=sent_time_us(CaseInsensitiveDict(answer.headers)),
        )

    def _check_status(self, answer: Answer) -> None:
        if answer.status == 410:
            raise SourceGoneError("410: the source is gone for good", status=answer.status)
        if answer.status not in (200, 304):
            headers = CaseInsensitiveDict(answer.headers)
            wait_seconds = retry_after_seconds(headers, now_us=self._clock.now_us())
            raise FetchError(
                f"status {answer.status}", status=answer.status, retry_after_seconds=wait_seconds
            )


def _headers(validators: Validators) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip"}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def _validators(answer: Answer, known: Validators) -> Validators:
    """Return what the next request may send back: a header with anything but ASCII could not be sent."""
    if answer.status == 304:
        return known
    etag, last_modified = (_sendable(answer.header(name)) for name in ("etag", "last-modified"))
    return Validators(etag=etag, last_modified=last_modified)


def _sendable(value: str) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None


def _decoded(answer: Answer, max_bytes: int) -> bytes:
    """Return the body without its compression. Raises: FetchError."""
    try:
        return decode_body(answer.body, answer.header("content-encoding"), max_bytes=max_bytes)
    except UnknownCodingError as error:
        raise FetchError(str(error)) from error
    except DecompressionError as error:
        raise FetchError(f"the compressed body is broken: {error}") from error
    except OverflowError as error:
        raise too_long(max_bytes) from error
