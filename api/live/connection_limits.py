"""Limits of WebSocket connections: how many at once, to which host names, and from which pages."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

from api.http.addresses import client_address
from lakehouse.process.origins import ANY, parse_origins
from lakehouse.process.settings import Settings

Scope = Mapping[str, Any]


class ConnectionLimiter:
    """Counter of one process's clients, in all and by address. A maximum of 0 is no limit."""

    def __init__(self, *, max_clients: int, max_of_address: int) -> None:
        self._max_clients = max_clients
        self._max_of_address = max_of_address
        self._by_address: Counter[str] = Counter()

    def acquire(self, address: str) -> str | None:
        """Count one more client; return the reason where a limit forbids it."""
        if self._max_clients and self._by_address.total() >= self._max_clients:
            return f"{self._max_clients} clients are connected already"
        if self._max_of_address and self._by_address[address] >= self._max_of_address:
            return f"{self._max_of_address} clients of this address are connected already"
        self._by_address[address] += 1
        return None

    def release(self, address: str) -> None:
        """Count one client less."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


def address_of(scope: Scope, *, trusted_proxies: int) -> str:
    """Return the address that a connection is counted as."""
    return client_address(
        own=str((scope.get("client") or ("",))[0]),
        forwarded=", ".join(headers_of(scope, b"x-forwarded-for")) or None,
        trusted_proxies=trusted_proxies,
    )


def is_known_host(scope: Scope, settings: Settings) -> bool:
    """Return whether CRYPTOVIZ_ALLOWED_HOSTS lists the name in the Host header, as for REST.

    A page whose own name resolves to this server (DNS rebinding) sends that name.
    """
    host = header_of(scope, b"host")
    name, _ = split_domain_port(host or "")
    return bool(name) and validate_host(name, settings.host_names)


def is_known_http_origin(scope: Scope, settings: Settings) -> bool:
    """Return whether the page that connects is this API's own, or one that the settings name.

    Browsers name the page in the HTTP header Origin; a program sends none.

    >>> is_known_http_origin({"headers": [(b"origin", b"https://a.example"), (b"host", b"a.example")]}, Settings())
    True
    """
    http_origins = [value.lower() for value in headers_of(scope, b"origin")]
    allowed = parse_origins(settings.live_origins)
    if not http_origins or ANY in allowed:
        return True
    if len(http_origins) > 1 or http_origins[0] in allowed:
        return len(http_origins) == 1
    host, page = header_of(scope, b"host"), urlsplit(http_origins[0])
    if settings.production and page.scheme != "https":
        return False
    return host is not None and page.netloc == host.lower()


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return a header that was sent exactly once, else None."""
    values = headers_of(scope, name)
    return values[0] if len(values) == 1 else None


def headers_of(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for own, value in scope.get("headers", ()) if own.lower() == name]
