"""Serializer fields that accept their own JSON type only.

Django REST framework's accept 0 for false, "5" for 5 and 5 for "5", and have no setting against it.
"""

from typing import Any

from rest_framework import serializers


class JsonBoolean(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, given: Any) -> bool:
        if not isinstance(given, bool):
            self.fail("invalid", input=given)
        return bool(given)


class JsonInteger(serializers.IntegerField):
    """JSON number without a fraction; 3.0 is one. Source: JSON Schema 2020-12, validation, section 6.1.1."""

    def to_internal_value(self, given: Any) -> int:
        is_whole = isinstance(given, int) or (isinstance(given, float) and given.is_integer())
        if not is_whole or isinstance(given, bool):
            self.fail("invalid")
        return int(given)


class JsonString(serializers.CharField):
    """JSON string; blanks around it are removed."""

    def to_internal_value(self, given: Any) -> str:
        if not isinstance(given, str):
            self.fail("invalid")
        return str(super().to_internal_value(given))
