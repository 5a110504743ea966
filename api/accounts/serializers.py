"""Serializer of tokens."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from api.access.models import ApiToken
from api.metadata.configuration import TOKEN_DAYS, value_of
from api.resources.json_fields import JsonInteger
from api.resources.views import StrictSerializer

DEFAULT_DAYS = 90


class TokenSerializer(StrictSerializer):
    """Token without its secret, which is not stored."""

    days = JsonInteger(write_only=True, required=False, min_value=1, max_value=3_650)

    class Meta:
        model = ApiToken
        fields = ("id", "name", "key", "scopes", "days", "created_time", "expires_time", "last_used_time")
        read_only_fields = ("id", "key", "created_time", "expires_time", "last_used_time")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        max_days = value_of(TOKEN_DAYS)
        days = values.pop("days", min(DEFAULT_DAYS, max_days))
        if days > max_days:
            raise serializers.ValidationError({"days": f"at most {max_days}"})
        return values | {"expires_time": timezone.now() + timedelta(days=days)}
