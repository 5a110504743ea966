"""A source of messages: its name as the tables have it, and its description."""

from django.core.validators import RegexValidator
from django.db import models

from api.http.patterns import whole
from api.metadata.models.versioned import VersionedRow

SOURCE_NAME_PATTERN = "^[a-z0-9][a-z0-9_-]{0,63}$"
LANGUAGE_PATTERN = "^[a-z]{2}$"


class Source(VersionedRow):
    """One source; ``name`` is `source` of a news row or `venue` of a price row."""

    class Kind(models.TextChoices):
        NEWS = "news", "News"
        MARKET = "market", "Market"

    name = models.CharField(
        primary_key=True,
        max_length=64,
        validators=[RegexValidator(whole(SOURCE_NAME_PATTERN), "such as coindesk")],
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=120)
    url = models.URLField(max_length=500, blank=True, default="")
    language = models.CharField(
        max_length=2,
        blank=True,
        default="",
        validators=[RegexValidator(whole(LANGUAGE_PATTERN), "two letters of ISO 639-1")],
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return str(self.title)
