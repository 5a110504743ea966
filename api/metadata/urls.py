"""Paths of the metadata."""

from api.http.patterns import in_path, route
from api.metadata import views
from api.metadata.models.saved_view import LINK_PATTERN
from api.metadata.models.source import SOURCE_NAME_PATTERN
from lakehouse.messages.contract import SYMBOL_PATTERN

_SYMBOL, _SOURCE = in_path("symbol", SYMBOL_PATTERN), in_path("name", SOURCE_NAME_PATTERN)
_UUID = r"(?P<public_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_KEY = r"(?P<name>[a-z_]{1,40})"

urlpatterns = [
    route("catalogue/actifs", views.AssetsView, "catalogue-actifs"),
    route(rf"catalogue/actifs/{_SYMBOL}", views.AssetView, "catalogue-actif"),
    route("catalogue/entites", views.EntitiesView, "catalogue-entites"),
    route(rf"catalogue/entites/{in_path('name', SYMBOL_PATTERN)}", views.EntityView, "catalogue-entite"),
    route("catalogue/sources", views.SourcesView, "catalogue-sources"),
    route(rf"catalogue/sources/{_SOURCE}", views.SourceView, "catalogue-source"),
    route("vues", views.SavedViewsView, "vues"),
    route(rf"vues/{_UUID}", views.SavedViewView, "vue"),
    route(rf"vues/partagees/{in_path('link', LINK_PATTERN)}", views.SharedViewView, "vue-partagee"),
    route("configuration", views.ConfigurationView, "configuration"),
    route(rf"configuration/{_KEY}", views.ConfigurationEntryView, "configuration-entry"),
    route(rf"configuration/{_KEY}/historique", views.ConfigurationHistoryView, "configuration-historique"),
]
