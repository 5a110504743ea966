"""Who may connect: how many at once, and from which pages."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

from api.http.addresses import client_address
from lakehouse.process.settings import Settings

Scope = Mapping[str, Any]


class ConnectionLimiter:
    """Counts the clients of one process, in all and by address; 0 bounds nothing."""

    def __init__(self, *, max_clients: int, max_of_address: int) -> None:
        self._max_clients = max_clients
        self._max_of_address = max_of_address
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> str | None:
        """Lets one more in; otherwise says why not."""
        if self._max_clients and self._by_address.total() >= self._max_clients:
            return f"{self._max_clients} clients are connected already"
        if self._max_of_address and self._by_address[address] >= self._max_of_address:
            return f"{self._max_of_address} clients of this address are connected already"
        self._by_address[address] += 1
        return None

    def exit(self, address: str) -> None:
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


def address_of(scope: Scope, *, trusted_proxies: int) -> str:
    """The address that a connection is counted under."""
    return client_address(
        own=str((scope.get("client") or ("",))[0]),
        forwarded=", ".join(headers_of(scope, b"x-forwarded-for")) or None,
        trusted_proxies=trusted_proxies,
    )


def is_known_host(scope: Scope, settings: Settings) -> bool:
    """Whether CRYPTOVIZ_ALLOWED_HOSTS lists the name that was asked for, as for REST.

    A page whose own name was made to lead here (DNS rebinding) says that name.
    """
    host = header_of(scope, b"host")
    name, _ = split_domain_port(host or "")
    return bool(name) and validate_host(name, settings.host_names)


def is_known_origin(scope: Scope, settings: Settings) -> bool:
    """Whether the page that connects is ours, or one that the settings name. A program names no page.

    >>> is_known_origin({"headers": [(b"origin", b"https://a.example"), (b"host", b"a.example")]}, Settings())
    True
    """
    origins = [origin.lower() for origin in headers_of(scope, b"origin")]
    allowed = [name.strip().lower() for name in settings.live_origins.split(",") if name.strip()]
    if not origins or "*" in allowed:
        return True
    if len(origins) > 1 or origins[0] in allowed:
        return len(origins) == 1
    host, page = header_of(scope, b"host"), urlsplit(origins[0])
    if settings.production and page.scheme != "https":
        return False
    return host is not None and page.netloc == host.lower()


def header_of(scope: Scope, name: bytes) -> str | None:
    """A header that comes once; None otherwise."""
    found = headers_of(scope, name)
    return found[0] if len(found) == 1 else None


def headers_of(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for own, value in scope.get("headers", ()) if own.lower() == name]
