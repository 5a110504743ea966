"""HEAD: the headers that GET would answer with, its length among them, and no body."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class HeadMiddleware:
    """States every body's length, and leaves the body itself out of the answer to HEAD."""

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
