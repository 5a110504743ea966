"""Paths of the metadata; a trailing slash is accepted too."""

from django.urls import re_path

from api.http.patterns import in_path
from api.metadata import views
from api.metadata.models.saved_view import LINK_PATTERN
from api.metadata.models.source import SOURCE_NAME_PATTERN
from lakehouse.messages.contract import SYMBOL_PATTERN

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

urlpatterns = [
    re_path(r"\Acatalogue/actifs/?\Z", views.AssetsView.as_view(), name="catalogue-actifs"),
    re_path(
        rf"\Acatalogue/actifs/{in_path('symbol', SYMBOL_PATTERN)}/?\Z",
        views.AssetView.as_view(),
        name="catalogue-actif",
    ),
    re_path(r"\Acatalogue/sources/?\Z", views.SourcesView.as_view(), name="catalogue-sources"),
    re_path(
        rf"\Acatalogue/sources/{in_path('name', SOURCE_NAME_PATTERN)}/?\Z",
        views.SourceView.as_view(),
        name="catalogue-source",
    ),
    re_path(r"\Avues/?\Z", views.SavedViewsView.as_view(), name="vues"),
    re_path(rf"\Avues/(?P<public_id>{_UUID})/?\Z", views.SavedViewView.as_view(), name="vue"),
    re_path(
        rf"\Avues/partagees/{in_path('link', LINK_PATTERN)}/?\Z",
        views.SharedViewView.as_view(),
        name="vue-partagee",
    ),
    re_path(r"\Aconfiguration/?\Z", views.ConfigurationView.as_view(), name="configuration"),
    re_path(
        r"\Aconfiguration/(?P<name>[a-z_]{1,40})/?\Z",
        views.ConfigurationEntryView.as_view(),
        name="configuration-entry",
    ),
    re_path(
        r"\Aconfiguration/(?P<name>[a-z_]{1,40})/historique/?\Z",
        views.ConfigurationHistoryView.as_view(),
        name="configuration-historique",
    ),
]
