"""What a person wants to look at again. Private, unless its owner shares it by link."""

import secrets
import uuid

from django.conf import settings
from django.db import models

from api.metadata.models.versioned import VersionedRow
from api.metadata.view_parameters import validate_parameters

_LINK_BYTES = 16
LINK_PATTERN = "^[A-Za-z0-9_-]{22}$"


class SavedView(VersionedRow):
    """``parameters`` are `api.metadata.view_parameters`. Whoever knows ``link`` may read; null: it is not shared."""

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

    def share(self, wanted: bool) -> None:
        """A new link, or none; a link that was withdrawn never works again."""
        if wanted != (self.link is not None):
            self.link = secrets.token_urlsafe(_LINK_BYTES) if wanted else None
