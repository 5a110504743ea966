"""Views of the browsable page: itself, and the files that it loads."""

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from api.access.base_views import LakeView
from api.access.permissions import Access
from api.docs.files import CONTENT_SECURITY_POLICY, current_docs


class AnyRenderer(BaseRenderer):
    """Renderer for every Accept header: a file has one representation."""

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
    """GET one file of the page, under the version that the page names."""

    read = Access.ANYBODY
    renderer_classes = (AnyRenderer,)

    def get(self, request: Request, version: str, name: str) -> HttpResponse:
        return current_docs().respond(request)
