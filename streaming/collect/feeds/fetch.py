"""Conditional GET of one address: identified, bounded in bytes and time, with checked redirects."""

import time
from dataclasses import dataclass, replace

import httpx

from streaming.collect.clock import Clock
from streaming.collect.compression import DecompressionError, UnknownCodingError, decode_body, read_codings
from streaming.collect.errors import FetchError, SourceGoneError
from streaming.collect.http_rules import USER_AGENT, retry_after_seconds, sent_time_us
from streaming.collect.redirects import MAX_REDIRECTS, Resolve, checked_target, resolve_host

ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
_PERMANENT, _TEMPORARY = (301, 308), (302, 303, 307)


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


@dataclass(frozen=True, slots=True)
class _Redirect:
    status: int
    location: str


class Fetcher:
    """Fetches one address after the other over one client."""

    def __init__(self, client: httpx.Client, clock: Clock, *, resolve: Resolve = resolve_host) -> None:
        self._client = client
        self._clock = clock
        self._resolve = resolve

    def fetch(self, url: str, *, validators: Validators, max_bytes: int, timeout_seconds: float) -> Fetched:
        """Return the answer after redirects. At most ``max_bytes`` of it are held, compressed or not.

        A redirect leads to http or https only, never from https to http, and to a private address only from a
        loopback one. Raises: FetchError; SourceGoneError for 410.
        """
        deadline = time.monotonic() + timeout_seconds
        target, moved_to, is_permanent = url, None, True
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._get(target, validators, max_bytes, timeout_seconds, deadline)
            if isinstance(answer, Fetched):
                return replace(answer, moved_to=moved_to)
            target = checked_target(target, answer.location, resolve=self._resolve)
            is_permanent = is_permanent and answer.status in _PERMANENT
            moved_to = target if is_permanent else moved_to
        raise FetchError(f"more than {MAX_REDIRECTS} redirects")

    def _get(
        self, url: str, validators: Validators, max_bytes: int, timeout_seconds: float, deadline: float
    ) -> Fetched | _Redirect:
        headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip"}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        try:
            with self._client.stream(
                "GET", url, headers=headers, timeout=timeout_seconds, follow_redirects=False
            ) as response:
                if response.status_code in (*_PERMANENT, *_TEMPORARY):
                    return _Redirect(response.status_code, response.headers.get("location", ""))
                self._check_status(response)
                body = None if response.status_code == 304 else _read_body(response, max_bytes, deadline)
                return Fetched(
                    status=response.status_code,
                    body=body,
                    content_type=response.headers.get("content-type", ""),
                    url=url,
                    validators=_validators(response, validators),
                    sent_us=sent_time_us(response.headers),
                )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise FetchError(f"{type(error).__name__}: {error}") from error

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 410:
            raise SourceGoneError("410: the source is gone for good", status=status)
        if status not in (200, 304):
            wait_seconds = retry_after_seconds(response.headers, now_us=self._clock.now_us())
            raise FetchError(f"status {status}", status=status, retry_after_seconds=wait_seconds)


def _validators(response: httpx.Response, known: Validators) -> Validators:
    """Return what the next request may send back: a header with anything but ASCII could not be sent."""
    if response.status_code == 304:
        return known
    etag, last_modified = (_sendable(response.headers.get(name)) for name in ("etag", "last-modified"))
    return Validators(etag=etag, last_modified=last_modified)


def _sendable(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None


def _read_body(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    """Return the body, decompressed. At most ``max_bytes`` are read, and at most as many come of them."""
    content_encoding = response.headers.get("content-encoding", "")
    try:
        read_codings(content_encoding)
    except UnknownCodingError as error:
        raise FetchError(str(error)) from error
    body = bytearray()
    for chunk in response.iter_raw():
        if time.monotonic() > deadline:
            raise FetchError(f"still sending after the time allowed, {len(body)} bytes so far")
        body += chunk
        if len(body) > max_bytes:
            raise _too_long(max_bytes)
    try:
        return decode_body(bytes(body), content_encoding, max_bytes=max_bytes)
    except DecompressionError as error:
        raise FetchError(f"the compressed body is broken: {error}") from error
    except OverflowError as error:
        raise _too_long(max_bytes) from error


def _too_long(max_bytes: int) -> FetchError:
    return FetchError(f"cut off: the body is longer than {max_bytes} bytes (max_bytes of the source)")
