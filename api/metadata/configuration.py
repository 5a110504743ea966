"""Configuration that staff may change while the API runs. Everything else is a setting of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from rest_framework.exceptions import ValidationError

from api.http.json_schema import Document
from api.metadata.models import ConfigurationChange, ConfigurationEntry

NOTICE = "notice"
VIEWS_OF_USER = "views_of_user"
TOKEN_DAYS = "token_days"
DEFAULT_VIEWS = 200
_NOTICE_MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class ConfigurationKey:
    """One value: a text of at most ``maximum`` characters, or a whole number from ``minimum`` to ``maximum``."""

    name: str
    default: str | int
    minimum: int
    maximum: int
    meaning: str

    @property
    def schema(self) -> Document:
        if isinstance(self.default, str):
            return {"type": "string", "maxLength": self.maximum}
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    @property
    def accepted(self) -> str:
        if isinstance(self.default, str):
            return f"a text of at most {self.maximum} characters, without NUL"
        return f"a whole number from {self.minimum} to {self.maximum}"

    def accepts(self, value: Any) -> bool:
        if isinstance(self.default, str):
            return isinstance(value, str) and len(value) <= self.maximum and "\0" not in value
        return (
            isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum
        )


KEYS: Mapping[str, ConfigurationKey] = {
    key.name: key
    for key in (
        ConfigurationKey(
            NOTICE, "", 0, _NOTICE_MAX_CHARACTERS, "notice of operators to all users, in /api/v1/etat"
        ),
        ConfigurationKey(VIEWS_OF_USER, DEFAULT_VIEWS, 0, 10_000, "views that one user may save"),
        ConfigurationKey(TOKEN_DAYS, 365, 1, 3_650, "days that a new token may be valid for at most"),
    )
}


def value_of(name: str) -> Any:
    """Return the current value. Raises DatabaseError where the metadata cannot be read."""
    stored = ConfigurationEntry.objects.filter(name=name).values_list("value", flat=True).first()
    return KEYS[name].default if stored is None else stored


def notice() -> str:
    """Return the notice of operators to all users; empty also where the metadata cannot be read."""
    try:
        return str(value_of(NOTICE))
    except DatabaseError:
        return ""


def set_value(entry: ConfigurationEntry, value: Any, *, user: Any) -> None:
    """Save the value and its change together. ``entry`` is locked, or new. Raises ValidationError."""
    key = KEYS[entry.name]
    if not key.accepts(value):
        raise ValidationError({"value": key.accepted})
    old = key.default if entry.version == 0 else entry.value
    with transaction.atomic():
        entry.value = value
        entry.save()
        ConfigurationChange.objects.create(
            name=entry.name,
            version=entry.version,
            old_value=old,
            new_value=value,
            user=user,
            changed_by=user.get_username(),
        )
