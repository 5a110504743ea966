"""Answers to HEAD and conditional requests."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import get_conditional_response, set_response_etag


class HeadMiddleware:
    """Middleware that sets Content-Length, and removes the body of answers to HEAD."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.streaming and request.method == "HEAD":
            headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
            response.close()
            return HttpResponse(status=response.status_code, headers=headers)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            if request.method == "HEAD":
                response.content = b""
        return response


class ConditionalMiddleware(ConditionalGetMiddleware):
    """Middleware of ETags and 304 for GET and, unlike Django's own, for HEAD. Source: RFC 9110, section 13.1.2."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return response
        if self.needs_etag(response) and not response.has_header("ETag"):
            set_response_etag(response)
        if not response.has_header("ETag"):
            return response
        answer: HttpResponse = get_conditional_response(request, etag=response["ETag"], response=response)
        return answer
