"""How often one address, and one user, may ask: 429 with Retry-After beyond it. Off unless a rate is set."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from api.http.addresses import client_address
from api.process.lake import current_settings


class AddressThrottle(SimpleRateThrottle):
    """The last requests of an address, counted over all processes of this machine.

    Two that come at the same moment may be counted as one.
    """

    scope = "address"

    def get_rate(self) -> str | None:
        return current_settings().rate_limit or None

    def get_cache_key(self, request: Request, view: object) -> str:
        return f"{self.scope}:{address_of(request)}"


class UserThrottle(SimpleRateThrottle):
    """The last requests of a user, by session and by any token. Nobody in particular is counted by address alone."""

    scope = "user"

    def get_rate(self) -> str | None:
        return current_settings().user_rate_limit or None

    def get_cache_key(self, request: Request, view: object) -> str | None:
        return None if request.user is None else f"{self.scope}:{request.user.pk}"


class SignInThrottle(SimpleRateThrottle):
    """Attempts to sign in: those of an address, and those with one name, whatever addresses they come from."""

    scope = "sign-in"

    def __init__(self, who: str) -> None:
        super().__init__()
        self._who = hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()

    def get_rate(self) -> str | None:
        return current_settings().sign_in_rate_limit or None

    def get_cache_key(self, request: HttpRequest, view: object) -> str:
        return f"{self.scope}:{self._who}"

    def allow_request(self, request: HttpRequest, view: object) -> bool:
        """One attempt after the other, so that none of many at the same moment goes uncounted."""
        with _one_at_a_time():
            return bool(super().allow_request(request, view))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Over all threads and processes of this machine."""
    folder = Path(current_settings().runtime_dir).expanduser()
    with (folder / "sign-in.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def address_of(request: HttpRequest | Request) -> str:
    """The address that a request is counted under."""
    return client_address(
        own=request.META.get("REMOTE_ADDR", ""),
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR"),
        trusted_proxies=current_settings().trusted_proxies,
    )
