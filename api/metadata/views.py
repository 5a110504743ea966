"""Views of the metadata."""

from typing import Any

from django.db import models
from django.http import Http404
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, ModelSerializer

from api.access.permissions import Access
from api.metadata import configuration
from api.metadata.models import ConfigurationChange, ConfigurationEntry, SavedView
from api.metadata.serializers import (
    AssetSerializer,
    ConfigurationChangeSerializer,
    ConfigurationSerializer,
    EntitySerializer,
    SavedViewSerializer,
    SharedViewSerializer,
    SourceSerializer,
)
from api.resources.views import CollectionView, ConflictError, ItemView, ListView


class CatalogueRows:
    """Rows that readers of histories may see and staff may change."""

    read, write = Access.HISTORY, Access.CATALOGUE
    serializer_class: type[ModelSerializer]

    def rows(self, **path: str) -> models.QuerySet[Any]:
        return self.serializer_class.Meta.model.objects.all()


class AssetsView(CatalogueRows, CollectionView):
    """GET every asset that has metadata; POST a new one."""

    serializer_class = AssetSerializer
    key = "symbol"


class AssetView(CatalogueRows, ItemView):
    """GET, PATCH, DELETE one."""

    serializer_class = AssetSerializer


class EntitiesView(CatalogueRows, CollectionView):
    """GET every entity that texts are searched for; POST a new one."""

    serializer_class = EntitySerializer
    key = "name"


class EntityView(CatalogueRows, ItemView):
    """GET, PATCH, DELETE one."""

    serializer_class = EntitySerializer


class SourcesView(CatalogueRows, CollectionView):
    """GET every source that has metadata; POST a new one."""

    serializer_class = SourceSerializer
    key = "name"


class SourceView(CatalogueRows, ItemView):
    """GET, PATCH, DELETE one."""

    serializer_class = SourceSerializer


class SavedViewsView(CollectionView):
    """GET one's own views; POST a new one. 409 beyond the number that one user may save."""

    read, write = Access.VIEWS_READ, Access.VIEWS_WRITE
    serializer_class = SavedViewSerializer

    def rows(self, **path: str) -> models.QuerySet[SavedView]:
        return SavedView.objects.filter(owner=self.request.user)

    def create(self, request: Request, serializer: BaseSerializer) -> SavedView:
        max_views = configuration.value_of(configuration.VIEWS_OF_USER)
        if self.rows().count() >= max_views:
            raise ConflictError(f"{max_views} views are saved already, as many as one user may")
        view: SavedView = serializer.save(owner=request.user)
        return view

    def identity_of(self, row: SavedView) -> str:
        return str(row.public_id)


class SavedViewView(ItemView):
    """GET, PATCH, DELETE one's own view; another's is 404."""

    read, write = Access.VIEWS_READ, Access.VIEWS_WRITE
    serializer_class = SavedViewSerializer

    def rows(self) -> models.QuerySet[SavedView]:
        return SavedView.objects.filter(owner=self.request.user)


class SharedViewView(ItemView):
    """GET the view that a link shares."""

    http_method_names: tuple[str, ...] = ("get", "head", "options")
    read, write = Access.HISTORY, Access.NOBODY
    serializer_class = SharedViewSerializer

    def rows(self) -> models.QuerySet[SavedView]:
        return SavedView.objects.all()


class ConfigurationView(ListView):
    """GET every value that staff may change."""

    read, write = Access.CONFIGURATION, Access.NOBODY
    serializer_class = ConfigurationSerializer
    key = "name"

    def rows(self, **path: str) -> models.QuerySet[ConfigurationEntry]:
        return ConfigurationEntry.objects.filter(name__in=configuration.KEYS)


class ConfigurationEntryView(ItemView):
    """GET, PATCH one value."""

    http_method_names: tuple[str, ...] = ("get", "head", "options", "patch")
    read, write = Access.CONFIGURATION, Access.CONFIGURATION
    serializer_class = ConfigurationSerializer

    def rows(self) -> models.QuerySet[ConfigurationEntry]:
        return ConfigurationEntry.objects.filter(name__in=configuration.KEYS)

    def change(self, request: Request, serializer: BaseSerializer) -> Any:
        entry: ConfigurationEntry = serializer.instance
        if "value" in serializer.validated_data:
            configuration.set_value(entry, serializer.validated_data["value"], user=request.user)
        return entry


class ConfigurationHistoryView(ListView):
    """GET the changes of one value, the newest first."""

    read, write = Access.CONFIGURATION, Access.NOBODY
    serializer_class = ConfigurationChangeSerializer
    descending = True

    def rows(self, **path: str) -> models.QuerySet[ConfigurationChange]:
        if path["name"] not in configuration.KEYS:
            raise Http404
        return ConfigurationChange.objects.filter(name=path["name"])
