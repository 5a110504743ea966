"""How often one address may ask: 429 with Retry-After beyond it. Off unless a rate is set."""

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
