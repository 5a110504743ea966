"""Issue that fsck reports: the kind of breakage, its table, its extent, and an example."""

from dataclasses import dataclass
from typing import Literal

Check = Literal[
    "missing file",
    "unreadable file",
    "other row count",
    "orphan",
    "outside partition",
    "duplicate key",
    "beyond position",
    "record unaccounted",
    "record accounted twice",
    "row without record",
    "text without story",
    "story without text",
]
HARMLESS: frozenset[Check] = frozenset({"orphan"})
"""Costs space alone: a crash leaves it behind, and vacuum removes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One kind of breakage in a table. ``n`` counts files, rows or records; ``detail`` names the first of them."""

    check: Check
    table: str
    n: int
    detail: str

    @property
    def is_harmless(self) -> bool:
        return self.check in HARMLESS

    def __str__(self) -> str:
        return f"{self.check}: {self.n} in {self.table}, {self.detail}"
