"""An asset as people and the analysis know it, whether or not a table has its symbol."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from api.http.patterns import whole
from api.metadata.models.versioned import VersionedRow
from lakehouse.aliases.names import check_kinds
from lakehouse.errors import AliasError
from lakehouse.messages.contract import SYMBOL_PATTERN

SYMBOL_MAX_CHARACTERS = 20
COLOUR_PATTERN = "^#[0-9a-f]{6}$"
MAX_DISPLAY_ORDER = 32_767
"""Maximum of PostgreSQL; SQLite would accept more."""


def validate_aliases(aliases: Any) -> None:
    """Raise ValidationError unless aliases are {kind: [words]} of `lakehouse.aliases.names.KINDS`."""
    try:
        check_kinds(aliases)
    except AliasError as error:
        raise ValidationError(str(error)) from error


class Asset(VersionedRow):
    """One asset. The analysis finds it by its ``aliases``; only an ``enabled`` one is shown to people."""

    symbol = models.CharField(
        primary_key=True,
        max_length=SYMBOL_MAX_CHARACTERS,
        validators=[RegexValidator(whole(SYMBOL_PATTERN), "lower-case letters and digits")],
    )
    name = models.CharField(max_length=80)
    aliases = models.JSONField(default=dict, blank=True, validators=[validate_aliases])
    enabled = models.BooleanField(default=True)
    display_order = models.PositiveSmallIntegerField(
        default=1000, validators=[MaxValueValidator(MAX_DISPLAY_ORDER)]
    )
    colour = models.CharField(
        max_length=7,
        blank=True,
        default="",
        validators=[RegexValidator(whole(COLOUR_PATTERN), "such as #f7931a")],
    )

    class Meta:
        ordering = ("display_order", "symbol")

    def __str__(self) -> str:
        return f"{self.symbol} ({self.name})"
