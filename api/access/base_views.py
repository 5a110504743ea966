"""Base views: access, throttling, allowed methods, and plain JSON answers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from api.access.authentication import SignedInSession, TokenAuthentication
from api.access.permissions import Access, HasAccess, is_public, may_read_unidentified
from api.access.throttling import AddressThrottle, UserThrottle, rate_headers
from api.http.encoding import encode_json


class ApiView(APIView):
    """View with the access that reading and writing need. Addresses are throttled before authentication."""

    http_method_names: tuple[str, ...] = ("get", "head", "options")
    read = write = Access.NOBODY
    authentication_classes = (TokenAuthentication, SignedInSession)
    permission_classes = (HasAccess,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (AddressThrottle, UserThrottle)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self._counting: list[Any] = []
        return super().initialize_request(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        if AddressThrottle in self.throttle_classes:
            throttle = AddressThrottle()
            self._counting.append(throttle)
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait())
        super().perform_authentication(request)

    def get_throttles(self) -> list[BaseThrottle]:
        throttles = [throttle() for throttle in self.throttle_classes if throttle is not AddressThrottle]
        self._counting += throttles
        return throttles

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in rate_headers(self._counting).items():
            response[name] = value
        return response

    def options(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        """Return the allowed methods, whatever the path's symbol or parameters are."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


class LakeView(ApiView):
    """View that reads. Where histories are open, only requests with a token are authenticated."""

    read = Access.HISTORY

    def get_authenticators(self) -> list[BaseAuthentication]:
        if may_read_unidentified(self.request, self.read):
            return []
        authenticators: list[BaseAuthentication] = super().get_authenticators()
        return authenticators

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        if not is_public(self.read):
            make_private(response)
        return response


def make_private(response: HttpResponseBase) -> None:
    """Forbid shared caches to store a response."""
    directives = [word.strip() for word in response.get("Cache-Control", "").split(",") if word.strip()]
    response["Cache-Control"] = ", ".join(["private", *(word for word in directives if word != "public")])
    patch_vary_headers(response, ("Cookie", "Authorization"))


def respond(envelope: object) -> HttpResponse:
    """Return an envelope as JSON that a client may store but has to revalidate."""
    response = HttpResponse(encode_json(envelope), content_type="application/json")
    response["Cache-Control"] = "no-cache"
    return response
