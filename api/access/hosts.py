"""Validation of host names for every request: Django itself validates only where it makes a link of one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PROBES = ("/healthz", "/readyz", "/metrics")


class HostMiddleware:
    """Middleware that answers 400 for a name that CRYPTOVIZ_ALLOWED_HOSTS does not list, except for probes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.rstrip("/") not in PROBES:
            request.get_host()
        return self._get_response(request)
