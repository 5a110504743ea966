"""Views of the viewer: the page, and the files that it loads."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views import View

from api.access.permissions import Access, is_allowed, is_public
from api.accounts.sign_in import NEXT
from api.http.problems import problem
from api.viewer.files import CONTENT_SECURITY_POLICY, ViewerNotBuiltError, current_viewer
from api.viewer.live import with_live_url

_LIVE_URL = settings.CRYPTOVIZ.socket_url
_METHODS = ("GET", "HEAD")
_NOT_BUILT = "the viewer is not built: run `make setup`"


class _ReadView(View):
    """View that answers reads, and other methods with a problem. 503 where the page is not built."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)
        except ViewerNotBuiltError:
            return problem(503, _NOT_BUILT)
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return problem(405, f"{request.method} is not served here", {"Allow": ", ".join(_METHODS)})

    options = http_method_not_allowed


class PageView(_ReadView):
    """GET the page, which browsers revalidate each time, so that a new release shows at once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not is_allowed(Access.HISTORY, user=_user_of(request), token=None):
            return HttpResponseRedirect(_sign_in_path(request.META["QUERY_STRING"]))
        body = with_live_url(current_viewer().page, _LIVE_URL)
        response = HttpResponse(body, content_type="text/html; charset=utf-8")
        response["Cache-Control"] = "no-cache"
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


class FileView(_ReadView):
    """GET one file of the page, under the version that the page names."""

    def get(self, request: HttpRequest, version: str, name: str) -> HttpResponse:
        return current_viewer().respond(request)


def _sign_in_path(query: str) -> str:
    """Return the path of signing in, which goes on to the page with ``query``, such as a shared view."""
    return f"/connexion?{urlencode({NEXT: f'/?{query}'})}" if query else "/connexion"


def _user_of(request: HttpRequest) -> Any:
    """Return the user who is signed in, if any; reads no session where histories are open."""
    if is_public(Access.HISTORY) or not request.user.is_authenticated:
        return None
    return request.user
