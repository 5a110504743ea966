"""The metadata in the admin. Of a saved view, which is private, it shows the owner and the times only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import URLField
from django.http import HttpRequest
from django.utils.html import format_html

from api.metadata import configuration
from api.metadata.models import Asset, ConfigurationChange, ConfigurationEntry, Entity, SavedView, Source
from api.metadata.versioned_admin import VersionedAdmin, VersionedForm
from api.resources.admin import FixedRowsAdmin, ReadOnlyAdmin
from lakehouse.aliases.names import KINDS

admin.site.site_header = admin.site.site_title = "CRYPTO VIZ"
admin.site.index_title = "Metadata and access"
_ALIASES_HELP = (
    "What the analysis finds it by, in texts that come 5 s later or more, such as "
    '{"words": ["bitcoin", "btc"], "not_before": ["cash"]}. '
    + "; ".join(f"{kind} {meaning}" for kind, meaning in KINDS.items())
)


class AssetForm(VersionedForm):
    class Meta:
        help_texts: ClassVar = {
            "symbol": "as the tables have it, such as btc; it stays",
            "name": "as people read it",
            "aliases": _ALIASES_HELP,
            "enabled": "whether people are shown it",
            "display_order": "the lowest comes first",
            "colour": "of its curves, such as #f7931a; empty: the viewer chooses",
        }


@admin.register(Asset)
class AssetAdmin(VersionedAdmin):
    form = AssetForm
    list_display = ("symbol", "name", "swatch", "enabled", "display_order", "changed_time")
    list_filter = ("enabled",)
    search_fields = ("symbol", "name", "aliases")
    search_help_text = "symbol, name or alias"
    named_by = "symbol"
    actions = ("show", "hide")

    @admin.display(description="colour", ordering="colour")
    def swatch(self, asset: Asset) -> Any:
        if not asset.colour:
            return "-"
        return format_html('<span style="color:{}">&#9632;</span>&nbsp;{}', asset.colour, asset.colour)

    @admin.action(description="Show selected assets to people", permissions=["change"])
    def show(self, request: HttpRequest, assets: QuerySet[Asset]) -> None:
        self._enable(request, assets, True)

    @admin.action(description="Hide selected assets from people", permissions=["change"])
    def hide(self, request: HttpRequest, assets: QuerySet[Asset]) -> None:
        self._enable(request, assets, False)

    def _enable(self, request: HttpRequest, assets: QuerySet[Asset], enabled: bool) -> None:
        with transaction.atomic():
            changed = list(assets.select_for_update().exclude(enabled=enabled))
            for asset in changed:
                asset.enabled = enabled
                asset.save()
                self.log_change(request, asset, [{"changed": {"fields": ["enabled"]}}])
        self.message_user(request, f"{len(changed)} changed.")


class EntityForm(VersionedForm):
    class Meta:
        help_texts: ClassVar = {
            "name": "short, such as binance; it stays",
            "title": "as people read it",
            "asset": "symbol of the asset that is its own, such as bnb; empty: it speaks of the market alone",
            "aliases": _ALIASES_HELP,
        }


@admin.register(Entity)
class EntityAdmin(VersionedAdmin):
    form = EntityForm
    list_display = ("name", "title", "kind", "asset", "changed_time")
    list_filter = ("kind",)
    search_fields = ("name", "title", "asset", "aliases")
    search_help_text = "name, title, asset or alias"
    named_by = "name"


class SourceForm(VersionedForm):
    url = URLField(required=False, max_length=500, assume_scheme="https", help_text="its own page, or empty")

    class Meta:
        help_texts: ClassVar = {
            "name": "as the tables have it: the source of a news row, the venue of a price row; it stays",
            "title": "as people read it",
            "language": "of its texts, two letters such as en; empty: several, or none",
            "enabled": "for people to know; what is collected is in the collectors' own file",
        }


@admin.register(Source)
class SourceAdmin(VersionedAdmin):
    form = SourceForm
    list_display = ("name", "title", "kind", "language", "enabled", "changed_time")
    list_filter = ("kind", "language", "enabled")
    search_fields = ("name", "title", "url")
    search_help_text = "name, title or address"
    named_by = "name"


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "owner", "is_shared", "created_time", "changed_time")
    list_filter = (("link", admin.EmptyFieldListFilter),)
    list_select_related = ("owner",)
    search_fields = ("owner__username",)
    search_help_text = "owner"
    date_hierarchy = "created_time"
    fields = list_display

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Forbid filters by private members, which would reveal them."""
        is_private = lookup.partition("__")[0] in ("name", "parameters", "link")
        return (not is_private or lookup == "link__isempty") and super().lookup_allowed(
            lookup, value, request
        )

    @admin.display(boolean=True, description="shared")
    def is_shared(self, view: SavedView) -> bool:
        return view.link is not None


class ConfigurationForm(VersionedForm):
    """Form that accepts what the value's key accepts."""

    class Meta:
        help_texts: ClassVar = {"value": "JSON: a text in double quotes, or a number"}

    def clean_value(self) -> Any:
        value, key = self.cleaned_data["value"], configuration.KEYS[self.instance.name]
        if not key.accepts(value):
            raise ValidationError(key.accepted)
        return value


@admin.register(ConfigurationEntry)
class ConfigurationEntryAdmin(FixedRowsAdmin, VersionedAdmin):
    form = ConfigurationForm
    list_display = ("name", "value", "meaning", "version", "changed_time")
    search_fields = ("name",)
    fields = ("name", "meaning", "value", "version", "changed_time")
    readonly_fields = ("meaning", "version", "changed_time")
    named_by = "name"

    def meaning(self, entry: ConfigurationEntry) -> str:
        key = configuration.KEYS[entry.name]
        return f"{key.meaning}: {key.accepted}"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(name__in=configuration.KEYS)

    def save_model(self, request: HttpRequest, obj: ConfigurationEntry, form: Any, change: bool) -> None:
        if form.has_changed():
            stored = ConfigurationEntry.objects.select_for_update().get(pk=obj.pk)
            configuration.set_value(stored, form.cleaned_data["value"], user=request.user)


@admin.register(ConfigurationChange)
class ConfigurationChangeAdmin(ReadOnlyAdmin):
    list_display = ("changed_time", "name", "old_value", "new_value", "changed_by")
    list_filter = ("name", "changed_by")
    search_fields = ("name", "changed_by")
    search_help_text = "name, or who changed it"
    date_hierarchy = "changed_time"
