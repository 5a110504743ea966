"""Tokens in the admin, which revokes them and neither creates nor changes any."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from api.access.models import ApiToken


class ExpiryFilter(admin.SimpleListFilter):
    title = "validity"
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("yes", "valid"), ("no", "expired"))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        lookups = {"yes": "expires_time__gt", "no": "expires_time__lte"}
        return (
            queryset.filter(**{lookups[self.value()]: timezone.now()})
            if self.value() in lookups
            else queryset
        )


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    list_display = ("key", "name", "owner", "scopes_of", "created_time", "expires_time", "last_used_time")
    list_select_related = ("owner",)
    list_filter = (ExpiryFilter, "owner")
    search_fields = ("key", "name", "owner__username")
    search_help_text = "the part of a token between its two underscores, its name or its owner"
    date_hierarchy = "created_time"
    fields = list_display

    @admin.display(description="scopes")
    def scopes_of(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Forbid filters by hash, which would reveal it digit by digit."""
        return not lookup.startswith("secret_hash") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
