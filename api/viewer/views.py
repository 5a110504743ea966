"""Views of the viewer: the page, and the files that it loads."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.views import View

from api.access.permissions import Access, is_allowed, is_public
from api.accounts.sign_in import NEXT
from api.http.problems import problem
from api.viewer.files import ViewerFile, ViewerNotBuiltError, current_viewer
from api.viewer.live import live_source, with_live_url

_LIVE_URL = settings.CRYPTOVIZ.socket_url
# Nothing runs or loads but this origin's own files; numbers come from it and from the WebSocket that was set.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self' {live_source(_LIVE_URL)}".rstrip(),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_FOR_GOOD = "public, max-age=31536000, immutable"
_METHODS = ("GET", "HEAD")
_NOT_BUILT = "the viewer is not built: run `make setup`"


class _FileView(View):
    """What reads answers, what writes is refused with a problem. 503 where nobody has built the page."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)
        except ViewerNotBuiltError:
            return problem(503, _NOT_BUILT)
        return response

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
        if not is_allowed(Access.HISTORY, user=_user_of(request), token=None):
            return HttpResponseRedirect(_sign_in_path(request.META["QUERY_STRING"]))
        page = current_viewer().page
        body = with_live_url(page.body, _LIVE_URL)
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        fresh = etag in request.headers.get("If-None-Match", "")
        response = HttpResponseNotModified() if fresh else _to_response(ViewerFile(body, page.media_type))
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


def _sign_in_path(query: str) -> str:
    """Where signing in goes on to what was asked for, such as a shared view."""
    return f"/connexion?{urlencode({NEXT: f'/?{query}'})}" if query else "/connexion"


def _user_of(request: HttpRequest) -> Any:
    """Who is signed in, looked up only where histories are closed; null: nobody."""
    if is_public(Access.HISTORY) or not request.user.is_authenticated:
        return None
    return request.user


def _to_response(file: ViewerFile) -> HttpResponse:
    return HttpResponse(file.body, content_type=file.media_type)
