"""Rate limits of addresses, users and sign-ins: 429 with Retry-After beyond them. Off unless a rate is set."""

import hashlib
import math
from collections.abc import Iterable

from django.http import HttpRequest
from filelock import FileLock
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from api.http.addresses import client_address
from api.process.lake import current_settings


class AddressThrottle(SimpleRateThrottle):
    """Rate limit of an address, counted over all processes of this machine.

    Two requests at the same moment may be counted as one.
    """

    scope = "address"

    def get_rate(self) -> str | None:
        return current_settings().rate_limit or None

    def get_cache_key(self, request: Request, view: object) -> str:
        return f"{self.scope}:{address_of(request)}"


class UserThrottle(SimpleRateThrottle):
    """Rate limit of a user, by session and by any token. Anonymous requests are limited by address only."""

    scope = "user"

    def get_rate(self) -> str | None:
        return current_settings().user_rate_limit or None

    def get_cache_key(self, request: Request, view: object) -> str | None:
        return None if request.user is None else f"{self.scope}:{request.user.pk}"


class SignInThrottle(SimpleRateThrottle):
    """Rate limit of sign-in attempts, counted as an address or as a user name, from whatever address.

    Attempts are counted one after the other, over all processes of this machine, so that none of many at the same
    moment goes uncounted.
    """

    scope = "sign-in"

    def __init__(self, counted_as: str) -> None:
        super().__init__()
        self._digest = hashlib.sha256(counted_as.encode("utf-8", "replace")).hexdigest()

    def get_rate(self) -> str | None:
        return current_settings().sign_in_rate_limit or None

    def get_cache_key(self, request: HttpRequest, view: object) -> str:
        return f"{self.scope}:{self._digest}"

    def allow_request(self, request: HttpRequest, view: object) -> bool:
        lock = current_settings().runtime_dir / "sign-in.lock"
        with FileLock(lock):
            return bool(super().allow_request(request, view))


def rate_headers(throttles: Iterable[SimpleRateThrottle]) -> dict[str, str]:
    """Return the headers RateLimit-Policy and RateLimit of the limits that counted a request; none where none did.

    ``r`` is how many requests are left, ``t`` the seconds until one of those that were counted is forgotten.
    Source: draft-ietf-httpapi-ratelimit-headers-10.
    """
    counted = [each for each in throttles if each.rate is not None and hasattr(each, "history")]
    if not counted:
        return {}
    policies = [f'"{each.scope}";q={each.num_requests};w={each.duration}' for each in counted]
    limits = [
        f'"{each.scope}";r={max(0, each.num_requests - len(each.history))};t={_seconds_until_one_less(each)}'
        for each in counted
    ]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}


def _seconds_until_one_less(throttle: SimpleRateThrottle) -> int:
    oldest = throttle.history[-1] if throttle.history else throttle.now
    return max(0, math.ceil(float(oldest + throttle.duration - throttle.now)))


def address_of(request: HttpRequest | Request) -> str:
    """Return the address that a request is counted as."""
    return client_address(
        own=request.META.get("REMOTE_ADDR", ""),
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR"),
        trusted_proxies=current_settings().trusted_proxies,
    )
