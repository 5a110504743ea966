"""An asset, as people and the analysis know it. That it was seen is the tables' business, not this row's."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from api.metadata.models.versioned import VersionedRow

SYMBOL_MAX_CHARACTERS = 20
ALIAS_KINDS: Mapping[str, str] = {
    "words": "mean the asset in any case",
    "exact": "mean the asset as written only",
    "not_after": "what follows them does not mean the asset; lower case",
    "not_before": "what precedes them does not mean the asset; lower case",
}
MAX_ALIASES = 50
ALIAS_MAX_CHARACTERS = 60


def validate_aliases(aliases: Any) -> None:
    """{kind: [words]} with kinds of ALIAS_KINDS. Raises ValidationError."""
    if not isinstance(aliases, dict):
        raise ValidationError("an object of lists")
    for kind, words in aliases.items():
        if kind not in ALIAS_KINDS:
            raise ValidationError(f"the kinds are {', '.join(ALIAS_KINDS)}")
        if not isinstance(words, list) or len(words) > MAX_ALIASES:
            raise ValidationError(f"{kind}: a list of at most {MAX_ALIASES}")
        for word in words:
            if not isinstance(word, str) or not 1 <= len(word.strip()) <= ALIAS_MAX_CHARACTERS:
                raise ValidationError(f"{kind}: texts of 1 to {ALIAS_MAX_CHARACTERS} characters")
            if "\0" in word or (kind.startswith("not_") and word != word.lower()):
                raise ValidationError(f"{kind}: lower case, without NUL")


class Asset(VersionedRow):
    """``aliases`` are as `streaming.analysis.sentiment.aliases` has them. ``enabled``: people are shown it."""

    symbol = models.CharField(
        primary_key=True,
        max_length=SYMBOL_MAX_CHARACTERS,
        validators=[RegexValidator(re.compile(r"\A[a-z0-9]{1,20}\Z"), "lower-case letters and digits")],
    )
    name = models.CharField(max_length=80)
    aliases = models.JSONField(default=dict, blank=True, validators=[validate_aliases])
    enabled = models.BooleanField(default=True)
    display_order = models.PositiveSmallIntegerField(default=1000)
    colour = models.CharField(
        max_length=7,
        blank=True,
        default="",
        validators=[RegexValidator(re.compile(r"\A#[0-9a-f]{6}\Z"), "such as #f7931a")],
    )

    class Meta:
        ordering = ("display_order", "symbol")

    def __str__(self) -> str:
        return f"{self.symbol} ({self.name})"
