"""Conditional GET of one address: identified, bounded in bytes and time, with checked redirects."""

import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import httpx

from streaming.collect.clock import Clock
from streaming.collect.errors import FetchError, SourceGoneError
from streaming.collect.feeds.compression import CODINGS, GZIP_MAGIC, DecompressionError, decompress
from streaming.collect.http_rules import USER_AGENT, retry_after_seconds, sent_time_us

ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
MAX_REDIRECTS = 5
_PERMANENT, _TEMPORARY = (301, 308), (302, 303, 307)
MAX_CODINGS = 2

Resolve = Callable[[str], list[str]]


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


def resolve_host(host: str) -> list[str]:
    """Return every address of a host name. Raises: OSError."""
    return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})


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
            target = self._checked_target(target, answer.location)
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

    def _checked_target(self, url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
            before, after = urlsplit(url), urlsplit(target)
        except ValueError as error:
            raise FetchError(f"a redirect to {location!r} is not followed: {error}") from error
        if not location or not after.hostname or after.scheme not in ("http", "https"):
            raise FetchError(f"a redirect to {target!r} is not followed")
        if before.scheme == "https" and after.scheme == "http":
            raise FetchError(f"a redirect from https to {target!r} is not followed")
        if not self._is_loopback(before.hostname or "") and self._is_private(after.hostname):
            raise FetchError(f"a redirect to the private address {target!r} is not followed")
        return target

    def _is_loopback(self, host: str) -> bool:
        return all(ipaddress.ip_address(address).is_loopback for address in self._addresses(host))

    def _is_private(self, host: str) -> bool:
        return any(not ipaddress.ip_address(address).is_global for address in self._addresses(host))

    def _addresses(self, host: str) -> list[str]:
        try:
            return [address.partition("%")[0] for address in self._resolve(host)]
        except (OSError, UnicodeError) as error:
            raise FetchError(f"the host {host!r} has no address: {error}") from error


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
    codings = [
        coding
        for each in response.headers.get("content-encoding", "").lower().split(",")
        if (coding := each.strip()) not in ("", "identity")
    ]
    unknown = next((coding for coding in codings if coding not in CODINGS), None)
    if unknown is not None or len(codings) > MAX_CODINGS:
        raise FetchError(f"content-encoding {', '.join(codings)!r} was not requested")
    body = bytearray()
    for chunk in response.iter_raw():
        if time.monotonic() > deadline:
            raise FetchError(f"still sending after the time allowed, {len(body)} bytes so far")
        body += chunk
        if len(body) > max_bytes:
            raise _too_long(max_bytes)
    try:
        for coding in reversed(codings):
            body = bytearray(decompress(bytes(body), coding, max_bytes=max_bytes))
        is_compressed_file = body.startswith(GZIP_MAGIC)
        return decompress(bytes(body), "gzip", max_bytes=max_bytes) if is_compressed_file else bytes(body)
    except DecompressionError as error:
        raise FetchError(f"the compressed body is broken: {error}") from error
    except OverflowError as error:
        raise _too_long(max_bytes) from error


def _too_long(max_bytes: int) -> FetchError:
    return FetchError(f"cut off: the body is longer than {max_bytes} bytes (max_bytes of the source)")
