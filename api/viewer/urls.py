"""Paths of the viewer."""

from django.urls import re_path

from api.viewer.views import FileView, PageView

urlpatterns = [
    re_path(r"\A\Z", PageView.as_view(), name="viewer"),
    re_path(
        r"\Aviewer/(?P<version>[0-9a-f]{1,64})/(?P<name>[a-z_]+\.[a-z]+)\Z",
        FileView.as_view(),
        name="viewer-file",
    ),
]
