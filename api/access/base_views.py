"""What every view of the API has in common: who may use it, which methods it takes, and how a plain answer leaves."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from api.access.authentication import SignedInSession, TokenAuthentication
from api.access.permissions import Access, MayUse
from api.access.throttling import AddressThrottle, UserThrottle
from api.http.encoding import encode_json
from api.process.lake import current_settings


class ApiView(APIView):
    """``read`` and ``write`` say who may. An address is counted before anybody looks who it is."""

    http_method_names: tuple[str, ...] = ("get", "head", "options")
    read = write = Access.NOBODY
    authentication_classes = (TokenAuthentication, SignedInSession)
    permission_classes = (MayUse,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (AddressThrottle, UserThrottle)

    def perform_authentication(self, request: Request) -> None:
        if AddressThrottle in self.throttle_classes:
            throttle = AddressThrottle()
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait())
        super().perform_authentication(request)

    def get_throttles(self) -> list[BaseThrottle]:
        return [throttle() for throttle in self.throttle_classes if throttle is not AddressThrottle]

    def options(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        """What may be asked of this path. Looks at nothing, whatever the path's symbol or parameters are."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


class LakeView(ApiView):
    """Reads: GET, HEAD and OPTIONS. Where histories are open, who asks is looked at only if they send a token."""

    read = Access.HISTORY

    def get_authenticators(self) -> list[BaseAuthentication]:
        is_open = current_settings().history_open
        if self.read is Access.ANYBODY or (is_open and "Authorization" not in self.request.headers):
            return []
        authenticators: list[BaseAuthentication] = super().get_authenticators()
        return authenticators

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.read is not Access.ANYBODY and not current_settings().history_open:
            keep_private(response)
        return response


def keep_private(response: HttpResponseBase) -> None:
    """What not everybody may read is kept by nobody but who asked."""
    kept = [word.strip() for word in response.get("Cache-Control", "").split(",") if word.strip()]
    response["Cache-Control"] = ", ".join(["private", *(word for word in kept if word != "public")])
    patch_vary_headers(response, ("Cookie", "Authorization"))


def respond(envelope: object) -> HttpResponse:
    """The envelope as JSON that a client may keep but must ask about again."""
    response = HttpResponse(encode_json(envelope), content_type="application/json")
    response["Cache-Control"] = "no-cache"
    return response
