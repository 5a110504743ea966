"""Exchange with redirects: where an answer may lead, so that none reads what is private or was sent in the open."""

from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from streaming.collect.errors import FetchError
from streaming.collect.network.addresses import is_loopback, is_written_address
from streaming.collect.network.deadline import Deadline
from streaming.collect.network.exchange import Answer, Exchange, Request

MAX_REDIRECTS = 5
_PERMANENT, _TEMPORARY = (301, 308), (302, 303, 307)
_CREDENTIALS = ("authorization", "cookie")


@dataclass(frozen=True, slots=True)
class Followed:
    """The last answer. ``moved_to`` is where permanent redirects led, before any temporary one; None without."""

    answer: Answer
    moved_to: str | None = None


def follow(
    exchange: Exchange, request: Request, *, deadline: Deadline, max_bytes: int, private: bool = False
) -> Followed:
    """Return the answer after at most MAX_REDIRECTS redirects, all within one deadline.

    A redirect leads to http or https only and never from https to http. A private address is requested where
    ``private`` says so, where the source's own address is written as one, or from this machine itself.
    Raises: FetchError.
    """
    host = _host(request.url)
    current = replace(request, allows_private=private or is_written_address(host))
    moved_to, is_permanent = None, True
    for _ in range(MAX_REDIRECTS + 1):
        answer = exchange.ask(current, deadline=deadline, max_bytes=max_bytes)
        if answer.status not in (*_PERMANENT, *_TEMPORARY):
            return Followed(answer, moved_to)
        target = checked_target(current.url, answer.header("location"))
        is_permanent = is_permanent and answer.status in _PERMANENT
        moved_to = target if is_permanent else moved_to
        current = _redirected(current, target, answer.status, private)
    raise FetchError(f"more than {MAX_REDIRECTS} redirects")


def checked_target(url: str, location: str) -> str:
    """Return the address that a redirect leads to. Raises: FetchError where its form alone forbids it."""
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
        has_host = bool(after.hostname)
    except ValueError as error:
        raise FetchError(f"a redirect to {location!r} is not followed: {error}") from error
    if not location or not has_host or after.scheme not in ("http", "https"):
        raise FetchError(f"a redirect to {target!r} is not followed")
    if before.scheme == "https" and after.scheme == "http":
        raise FetchError(f"a redirect from https to {target!r} is not followed")
    return target


def _redirected(request: Request, target: str, status: int, private: bool) -> Request:
    """Return the request to make of a redirect's target. Source: RFC 9110, 15.4."""
    becomes_get = status == 303 or (status in (301, 302) and request.method == "POST")
    is_same = urlsplit(request.url)[:2] == urlsplit(target)[:2]
    headers = {
        name: value for name, value in request.headers.items() if is_same or name.lower() not in _CREDENTIALS
    }
    return Request(
        url=target,
        headers=headers,
        method="GET" if becomes_get else request.method,
        body=None if becomes_get else request.body,
        allows_private=private or is_loopback(_host(request.url)),
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise FetchError(f"{url!r} is no address: {error}") from error
