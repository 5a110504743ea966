"""The host names that are answered to: Django itself looks only where a link is made of one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PROBES = ("/healthz", "/readyz", "/metrics")


class HostMiddleware:
    """400 for a name that CRYPTOVIZ_ALLOWED_HOSTS does not list. Probes and Prometheus ask by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.rstrip("/") not in PROBES:
            request.get_host()
        return self._get_response(request)
