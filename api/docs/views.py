"""Views of the page: itself, and the files that it loads."""

from django.http import Http404, HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.access.base_views import LakeView
from api.access.permissions import Access
from api.docs.files import current_docs

# Swagger UI writes style attributes; nothing else is allowed beyond this origin's own files.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_FOR_GOOD = "public, max-age=31536000, immutable"


class AnyRenderer(BaseRenderer):
    """Whatever the client accepts: there is one representation."""

    media_type = "*/*"
    format = "html"


class DocsPageView(LakeView):
    """GET the browsable page."""

    read = Access.ANYBODY
    renderer_classes = (AnyRenderer,)

    def get(self, request: Request) -> HttpResponse:
        response = HttpResponse(current_docs().page, content_type="text/html; charset=utf-8")
        response["Cache-Control"] = "no-cache"
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


class DocsFileView(LakeView):
    """GET one file of it, under the version that the page names. Raises Http404 for any other."""

    read = Access.ANYBODY
    renderer_classes = (AnyRenderer,)

    def get(self, request: Request, version: str, name: str) -> HttpResponse:
        docs = current_docs()
        if version != docs.version or name not in docs.files:
            raise Http404
        body, media_type = docs.files[name]
        response = HttpResponse(body, content_type=media_type)
        response["Cache-Control"] = _FOR_GOOD
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response
