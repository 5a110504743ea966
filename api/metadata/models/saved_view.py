"""A saved view of the viewer. Private, unless its owner shares it by link."""

import secrets
import uuid

from django.conf import settings
from django.db import models

from api.metadata.models.versioned import VersionedRow
from api.metadata.view_parameters import validate_parameters

_LINK_BYTES = 16
LINK_PATTERN = "^[A-Za-z0-9_-]{22}$"


class SavedView(VersionedRow):
    """One view. ``parameters`` are `api.metadata.view_parameters`. Whoever has ``link`` may read; null: not shared."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    parameters = models.JSONField(validators=[validate_parameters])
    link = models.CharField(max_length=32, unique=True, null=True, editable=False)
    created_time = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("owner", "name"), name="view_name_of_owner"),)

    def __str__(self) -> str:
        return f"view {self.public_id}"

    def share(self, is_shared: bool) -> None:
        """Make a new link, or withdraw the link, which never works again."""
        if is_shared != (self.link is not None):
            self.link = secrets.token_urlsafe(_LINK_BYTES) if is_shared else None
