"""Who may connect: how many at once, and from which pages."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lakehouse.settings import Settings

Scope = Mapping[str, Any]


class Admission:
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


def client_address(scope: Scope, *, trusted_proxies: int) -> str:
    """The address that a connection comes from, as the last trusted proxy tells it."""
    own = str((scope.get("client") or ("",))[0])
    forwarded = header_of(scope, b"x-forwarded-for")
    if not trusted_proxies or forwarded is None:
        return own
    told = [address.strip() for address in forwarded.split(",")]
    return told[-min(trusted_proxies, len(told))]


def is_known_origin(scope: Scope, settings: Settings) -> bool:
    """Whether the page that connects is ours, or one that the settings name. A program names no page.

    >>> is_known_origin({"headers": [(b"origin", b"https://a.example"), (b"host", b"a.example")]}, Settings())
    True
    """
    origin = header_of(scope, b"origin")
    allowed = [name.strip().lower() for name in settings.live_origins.split(",") if name.strip()]
    if origin is None or "*" in allowed:
        return True
    if origin.lower() in allowed:
        return True
    host = header_of(scope, b"host")
    return host is not None and urlsplit(origin).netloc.lower() == host.lower()


def header_of(scope: Scope, name: bytes) -> str | None:
    """A header that comes once; None otherwise."""
    found = [value for own, value in scope.get("headers", ()) if own.lower() == name]
    return found[0].decode("latin-1") if len(found) == 1 else None
