"""The API's paths, and a view that answers the same bytes again and again through the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from api.config.urls import handler400, handler403, handler404, handler500
from api.config.urls import urlpatterns as api_urls
from benchmarks.http_server import constant_body


def constant(request: HttpRequest, name: str) -> HttpResponse:
    """Return an answer that costs nothing to make, with the headers of one that does."""
    headers = {"ETag": 'W/"0123456789abcdef"', "Cache-Control": "no-cache", "Vary": "Accept"}
    return HttpResponse(constant_body(name), content_type="application/json", headers=headers)


urlpatterns = [path("constant/<str:name>", constant), *api_urls]

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
