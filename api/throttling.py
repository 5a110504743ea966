"""How often one address, and one user, may ask: 429 with Retry-After beyond it. Off unless a rate is set."""

import hashlib

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from api.lakes import current_settings


class AddressThrottle(SimpleRateThrottle):
    """The last requests of an address, counted over all processes of this machine.

    Two that come at the same moment may be counted as one.
    """

    scope = "address"

    def get_rate(self) -> str | None:
        return current_settings().rate_limit or None

    def get_cache_key(self, request: Request, view: object) -> str:
        return f"{self.scope}:{self.get_ident(request)}"


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


def address_of(request: HttpRequest) -> str:
    """The address that a request comes from, as the last trusted proxy tells it."""
    address: str = AddressThrottle().get_ident(request)
    return address
