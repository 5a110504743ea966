"""Tokens of programs. The token itself is shown once, to the one who made it; only its hash is kept."""

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
"""How exactly the last use is known: a program that asks often shall not write as often."""


def validate_scopes(scopes: Any) -> None:
    """Raises ValidationError unless it is a list of known scopes, each once."""
    is_list = isinstance(scopes, list) and scopes and all(isinstance(scope, str) for scope in scopes)
    if not is_list or len(set(scopes)) != len(scopes) or not SCOPES.keys() >= set(scopes):
        raise ValidationError(f"a list of {', '.join(SCOPES)}, each at most once")


class ApiToken(models.Model):
    """``key`` is the part of a token that is no secret. Revoked: deleted."""

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
    """A new token and its text, which is not to be had again."""
    key, secret = secrets.token_hex(8), secrets.token_urlsafe(_SECRET_BYTES)
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        key=key,
        secret_hash=_hash(secret),
        scopes=scopes,
        expires_time=expires_time,
    )
    return token, f"cviz_{key}_{secret}"


def find_token(text: str) -> ApiToken | None:
    """The token that a text is, if it is still valid and its owner still active. Notes the use of it."""
    parts = _TOKEN.fullmatch(text)
    token: ApiToken | None = None
    if parts is not None:
        token = ApiToken.objects.select_related("owner").filter(key=parts[1]).first()
    if token is None or parts is None or not constant_time_compare(token.secret_hash, _hash(parts[2])):
        return None
    if token.is_expired or not token.owner.is_active:
        return None
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_time is None or now - token.last_used_time > timedelta(seconds=LAST_USE_SECONDS):
        ApiToken.objects.filter(pk=token.pk).update(last_used_time=now)


def _hash(secret: str) -> str:
    """A secret of 256 random bits needs no slow hash: there is no dictionary of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
