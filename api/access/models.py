"""Tokens of programs. A token is shown once, to the user who creates it; only its hash is stored."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from api.access.scopes import SCOPES

_SECRET_BYTES = 32
_TOKEN = re.compile(r"cviz_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
LAST_USE_SECONDS = 60
"""Precision of the last use: a program that sends many requests must not write as many rows."""


def validate_scopes(scopes: Any) -> None:
    """Raise ValidationError unless it is a list of known scopes, each once."""
    is_list = isinstance(scopes, list) and scopes and all(isinstance(scope, str) for scope in scopes)
    if not is_list or len(set(scopes)) != len(scopes) or not SCOPES.keys() >= set(scopes):
        raise ValidationError(f"a list of {', '.join(SCOPES)}, each at most once")


class ApiToken(models.Model):
    """One token. ``key`` is its public part; revoking a token deletes its row."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    key = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(validators=[validate_scopes])
    created_time = models.DateTimeField(auto_now_add=True)
    expires_time = models.DateTimeField()
    last_used_time = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"token {self.key}"

    @property
    def is_expired(self) -> bool:
        return bool(self.expires_time <= timezone.now())


def create_token(*, owner: Any, name: str, scopes: list[str], expires_time: datetime) -> tuple[ApiToken, str]:
    """Create a token; return it with its text, which cannot be had again."""
    key, secret = secrets.token_hex(8), secrets.token_urlsafe(_SECRET_BYTES)
    token = ApiToken.objects.create(
        owner=owner, name=name, key=key, secret_hash=_hash(secret), scopes=scopes, expires_time=expires_time
    )
    return token, f"cviz_{key}_{secret}"


def find_token(text: str) -> ApiToken | None:
    """Return the token of a text, if it is valid and its owner active, and record its use."""
    parts = _TOKEN.fullmatch(text)
    token: ApiToken | None = None
    if parts is not None:
        token = ApiToken.objects.select_related("owner").filter(key=parts[1]).first()
    if token is None or parts is None or not constant_time_compare(token.secret_hash, _hash(parts[2])):
        return None
    if token.is_expired or not token.owner.is_active:
        return None
    _record_use(token)
    return token


def _record_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_time is None or now - token.last_used_time > timedelta(seconds=LAST_USE_SECONDS):
        ApiToken.objects.filter(pk=token.pk).update(last_used_time=now)


def _hash(secret: str) -> str:
    """Return the digest of a secret. One of 256 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
