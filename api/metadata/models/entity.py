"""An entity that texts speak of without naming an asset: an exchange, a company, a sector, a person, a regulator."""

from django.core.validators import RegexValidator
from django.db import models

from api.http.patterns import whole
from api.metadata.models.asset import SYMBOL_MAX_CHARACTERS, validate_aliases
from api.metadata.models.versioned import VersionedRow
from lakehouse.messages.contract import SYMBOL_PATTERN

_NAME = RegexValidator(whole(SYMBOL_PATTERN), "lower-case letters and digits")


class Entity(VersionedRow):
    """One entity. A text that names it by an alias speaks of the market, and of ``asset`` where that is not empty."""

    class Kind(models.TextChoices):
        EXCHANGE = "exchange", "Exchange"
        COMPANY = "company", "Company"
        PROTOCOL = "protocol", "Protocol"
        SECTOR = "sector", "Sector"
        PERSON = "person", "Person"
        REGULATOR = "regulator", "Regulator"

    name = models.CharField(primary_key=True, max_length=SYMBOL_MAX_CHARACTERS, validators=[_NAME])
    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    asset = models.CharField(
        max_length=SYMBOL_MAX_CHARACTERS,
        blank=True,
        default="",
        validators=[_NAME],
    )
    aliases = models.JSONField(default=dict, blank=True, validators=[validate_aliases])

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "entities"

    def __str__(self) -> str:
        return str(self.title)
