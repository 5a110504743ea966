"""Paths of the metadata; a trailing slash is accepted too."""

from django.urls import re_path

from api.metadata import views

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

urlpatterns = [
    re_path(r"\Acatalogue/actifs/?\Z", views.AssetsView.as_view(), name="catalogue-actifs"),
    re_path(
        r"\Acatalogue/actifs/(?P<symbol>[a-z0-9]{1,20})/?\Z",
        views.AssetView.as_view(),
        name="catalogue-actif",
    ),
    re_path(r"\Acatalogue/sources/?\Z", views.SourcesView.as_view(), name="catalogue-sources"),
    re_path(
        r"\Acatalogue/sources/(?P<name>[a-z0-9_-]{1,64})/?\Z",
        views.SourceView.as_view(),
        name="catalogue-source",
    ),
    re_path(r"\Avues/?\Z", views.SavedViewsView.as_view(), name="vues"),
    re_path(rf"\Avues/(?P<public_id>{_UUID})/?\Z", views.SavedViewView.as_view(), name="vue"),
    re_path(
        r"\Avues/partagees/(?P<link>[A-Za-z0-9_-]{22})/?\Z",
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
