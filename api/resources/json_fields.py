"""Members of a body as the JSON types that they are: no 0 for false, no "5" for 5, no 5 for "5"."""

from typing import Any

from rest_framework import serializers


class JsonBoolean(serializers.BooleanField):
    def to_internal_value(self, given: Any) -> bool:
        if not isinstance(given, bool):
            self.fail("invalid", input=given)
        return bool(given)


class JsonInteger(serializers.IntegerField):
    """3.0 is one, too. Source: JSON Schema 2020-12, validation, section 6.1.1."""

    def to_internal_value(self, given: Any) -> int:
        is_whole = isinstance(given, int) or (isinstance(given, float) and given.is_integer())
        if not is_whole or isinstance(given, bool):
            self.fail("invalid")
        return int(given)


class JsonString(serializers.CharField):
    """Blanks around it are left out."""

    def to_internal_value(self, given: Any) -> str:
        if not isinstance(given, str):
            self.fail("invalid")
        return str(super().to_internal_value(given))
