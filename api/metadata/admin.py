"""The metadata in the admin. What is private stays so: of a saved view it shows whose it is and when it was changed."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html

from api.metadata import configuration
from api.metadata.models import Asset, ConfigurationChange, ConfigurationEntry, SavedView, Source
from lakehouse.asset_names import KINDS

_ALIASES_HELP = (
    "What the analysis finds the asset by, in texts that come 5 s later or more, such as "
    '{"words": ["bitcoin", "btc"], "not_before": ["cash"]}. '
    + "; ".join(f"{kind} {meaning}" for kind, meaning in KINDS.items())
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """To look at, never to change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Asset)
class AssetAdmin(admin.ModelAdmin):
    list_display = ("symbol", "name", "swatch", "enabled", "display_order", "changed_time")
    list_editable = ("enabled", "display_order")
    list_filter = ("enabled",)
    search_fields = ("symbol", "name", "aliases")
    readonly_fields = ("version", "changed_time")

    def get_readonly_fields(self, request: HttpRequest, obj: Asset | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("symbol", *self.readonly_fields)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "aliases":
            options["help_text"] = _ALIASES_HELP
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description="colour", ordering="colour")
    def swatch(self, asset: Asset) -> Any:
        if not asset.colour:
            return "-"
        return format_html('<span style="color:{}">&#9632;</span> {}', asset.colour, asset.colour)


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ("name", "title", "kind", "language", "enabled", "changed_time")
    list_filter = ("kind", "language", "enabled")
    search_fields = ("name", "title", "url")
    readonly_fields = ("version", "changed_time")

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("name", *self.readonly_fields)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "owner", "is_shared", "created_time", "changed_time")
    list_filter = (("link", admin.EmptyFieldListFilter),)
    search_fields = ("owner__username",)
    date_hierarchy = "created_time"
    fields = list_display

    @admin.display(boolean=True, description="shared")
    def is_shared(self, view: SavedView) -> bool:
        return view.link is not None


class ConfigurationForm(ModelForm):
    """Says what the value's key accepts."""

    def clean_value(self) -> Any:
        value, key = self.cleaned_data["value"], configuration.KEYS[self.instance.name]
        if not key.takes(value):
            raise ValidationError(key.accepted)
        return value


@admin.register(ConfigurationEntry)
class ConfigurationEntryAdmin(admin.ModelAdmin):
    form = ConfigurationForm
    list_display = ("name", "value", "meaning", "version", "changed_time")
    fields = ("name", "meaning", "value", "version", "changed_time")
    readonly_fields = ("name", "meaning", "version", "changed_time")

    def meaning(self, entry: ConfigurationEntry) -> str:
        key = configuration.KEYS[entry.name]
        return f"{key.meaning}: {key.accepted}"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(name__in=configuration.KEYS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ConfigurationEntry, form: Any, change: bool) -> None:
        if form.has_changed():
            stored = ConfigurationEntry.objects.select_for_update().get(pk=obj.pk)
            configuration.set_value(stored, form.cleaned_data["value"], user=request.user)


@admin.register(ConfigurationChange)
class ConfigurationChangeAdmin(ReadOnlyAdmin):
    list_display = ("changed_time", "name", "old_value", "new_value", "changed_by")
    list_filter = ("name", "changed_by")
    date_hierarchy = "changed_time"
