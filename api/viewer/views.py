"""Views of the viewer: the page, and the files that it loads."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.views import View

from api.problems import problem
from api.viewer.files import ViewerFile, current_viewer

# Nothing runs or loads but this origin's own files; a picture may be a data URI, a canvas that is saved is one.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_FOR_GOOD = "public, max-age=31536000, immutable"
_METHODS = ("GET", "HEAD")


class _FileView(View):
    """What reads answers, what writes is refused with a problem."""

    def head(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        response: HttpResponse = self.get(request, *args, **kwargs)
        response["Content-Length"] = str(len(response.content))
        response.content = b""
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return problem(405, f"{request.method} is not served here", {"Allow": ", ".join(_METHODS)})

    options = http_method_not_allowed


class PageView(_FileView):
    """GET the page. Asked about again each time, so that a new release shows at once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        viewer = current_viewer()
        etag = f'"{viewer.version}"'
        fresh = etag in request.headers.get("If-None-Match", "")
        response = HttpResponseNotModified() if fresh else _to_response(viewer.page)
        response["ETag"] = etag
        response["Cache-Control"] = "no-cache"
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


class FileView(_FileView):
    """GET one file of the page, under the version that the page names. Raises Http404 for any other."""

    def get(self, request: HttpRequest, version: str, name: str) -> HttpResponse:
        viewer = current_viewer()
        if version != viewer.version or name not in viewer.files:
            raise Http404
        response = _to_response(viewer.files[name])
        response["Cache-Control"] = _FOR_GOOD
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


def _to_response(file: ViewerFile) -> HttpResponse:
    return HttpResponse(file.body, content_type=file.media_type)
