"""Rule of redirects: where a source may lead, so that no answer reads what is private or was sent in the open."""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from streaming.collect.errors import FetchError

MAX_REDIRECTS = 5

Resolve = Callable[[str], list[str]]


def resolve_host(host: str) -> list[str]:
    """Return every address of a host name. Raises: OSError."""
    return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})


def checked_target(url: str, location: str, *, resolve: Resolve = resolve_host) -> str:
    """Return the address that a redirect leads to.

    It is http or https, never http from https, and a private address only from a loopback one. Raises: FetchError.
    """
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
    except ValueError as error:
        raise FetchError(f"a redirect to {location!r} is not followed: {error}") from error
    if not location or not after.hostname or after.scheme not in ("http", "https"):
        raise FetchError(f"a redirect to {target!r} is not followed")
    if before.scheme == "https" and after.scheme == "http":
        raise FetchError(f"a redirect from https to {target!r} is not followed")
    if not _is_loopback(before.hostname or "", resolve) and _is_private(after.hostname, resolve):
        raise FetchError(f"a redirect to the private address {target!r} is not followed")
    return target


def _is_loopback(host: str, resolve: Resolve) -> bool:
    return all(ipaddress.ip_address(address).is_loopback for address in _addresses(host, resolve))


def _is_private(host: str, resolve: Resolve) -> bool:
    return any(not ipaddress.ip_address(address).is_global for address in _addresses(host, resolve))


def _addresses(host: str, resolve: Resolve) -> list[str]:
    try:
        return [address.partition("%")[0] for address in resolve(host)]
    except (OSError, UnicodeError) as error:
        raise FetchError(f"the host {host!r} has no address: {error}") from error
