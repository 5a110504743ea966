"""Serializers of the metadata."""

from typing import Any

from rest_framework import serializers

from api.metadata.configuration import KEYS
from api.metadata.models import Asset, ConfigurationChange, ConfigurationEntry, Entity, SavedView, Source
from api.resources.json_fields import JsonBoolean
from api.resources.views import StrictSerializer


class AssetSerializer(StrictSerializer):
    class Meta:
        model = Asset
        fields = (
            "symbol",
            "name",
            "aliases",
            "enabled",
            "display_order",
            "colour",
            "version",
            "changed_time",
        )
        read_only_fields = ("version", "changed_time")


class EntitySerializer(StrictSerializer):
    class Meta:
        model = Entity
        fields = ("name", "title", "kind", "asset", "aliases", "version", "changed_time")
        read_only_fields = ("version", "changed_time")


class SourceSerializer(StrictSerializer):
    class Meta:
        model = Source
        fields = ("name", "kind", "title", "url", "language", "enabled", "version", "changed_time")
        read_only_fields = ("version", "changed_time")


class SavedViewSerializer(StrictSerializer):
    """View for its owner. ``shared`` true makes a link, false withdraws it."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    shared = JsonBoolean(required=False, write_only=True)
    link = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = ("id", "name", "parameters", "shared", "link", "created_time", "version", "changed_time")
        read_only_fields = ("created_time", "version", "changed_time")

    def get_link(self, view: SavedView) -> str | None:
        return None if view.link is None else f"/api/v1/vues/partagees/{view.link}"

    def create(self, values: dict[str, Any]) -> SavedView:
        shared = values.pop("shared", False)
        view = SavedView(**values)
        view.share(shared)
        view.save()
        return view

    def update(self, view: SavedView, values: dict[str, Any]) -> SavedView:
        if (shared := values.pop("shared", None)) is not None:
            view.share(shared)
        updated: SavedView = super().update(view, values)
        return updated


class SharedViewSerializer(serializers.ModelSerializer):
    """View for whoever has its link, without its owner."""

    class Meta:
        model = SavedView
        fields = ("name", "parameters", "changed_time")


class ConfigurationSerializer(StrictSerializer):
    default = serializers.SerializerMethodField()
    meaning = serializers.SerializerMethodField()
    value = serializers.JSONField()

    class Meta:
        model = ConfigurationEntry
        fields = ("name", "value", "default", "meaning", "version", "changed_time")
        read_only_fields = ("name", "version", "changed_time")

    def get_default(self, entry: ConfigurationEntry) -> Any:
        return KEYS[entry.name].default

    def get_meaning(self, entry: ConfigurationEntry) -> str:
        return KEYS[entry.name].meaning


class ConfigurationChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ConfigurationChange
        fields = ("version", "old_value", "new_value", "changed_time", "changed_by")
