"""Paths of the browsable page; a trailing slash is accepted too."""

from django.urls import re_path

from api.docs.views import DocsFileView, DocsPageView

urlpatterns = [
    re_path(r"\Adocs/?\Z", DocsPageView.as_view(), name="docs"),
    re_path(
        r"\Adocs/(?P<version>[0-9a-f]{1,64})/(?P<name>[a-z.-]{1,40})\Z",
        DocsFileView.as_view(),
        name="docs-file",
    ),
]
