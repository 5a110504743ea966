"""Admin bases."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class FixedRowsAdmin(admin.ModelAdmin):
    """Admin that neither adds nor deletes rows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(FixedRowsAdmin):
    """Admin that shows rows and changes none."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
