"""Optimistic locking in the admin: a form never overwrites a version that its reader has not seen."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import HiddenInput, IntegerField, ModelForm
from django.http import HttpRequest

SEEN = "seen_version"


class VersionedForm(ModelForm):
    """Form with the version that its reader saw, as If-Match has it over REST."""

    seen_version = IntegerField(widget=HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if SEEN in self.fields:
            self.fields[SEEN].initial = self.instance.version

    def clean(self) -> Any:
        cleaned = super().clean()
        if not self.instance._state.adding and self.cleaned_data.get(SEEN) != self.instance.version:
            raise ValidationError("Somebody has changed this meanwhile: open it again, and change that.")
        return cleaned


class VersionedAdmin(admin.ModelAdmin):
    """Admin of versioned rows. ``named_by`` is their key, which cannot change."""

    form = VersionedForm
    readonly_fields: tuple[str, ...] = ("version", "changed_time")
    named_by = ""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row, locked while it is changed; SQLite's transactions are IMMEDIATE."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST":
            self.model.objects.select_for_update().get(pk=row.pk)
            row.refresh_from_db()
        return row

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        others = [name for name in super().get_fields(request, obj) if name not in (SEEN, self.named_by)]
        fields = [self.named_by, *others]
        may_change = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*fields, SEEN] if may_change else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else (self.named_by, *self.readonly_fields)
