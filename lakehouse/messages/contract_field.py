"""Fields of messages, and the values that each accepts."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import copysign
from typing import Literal

LEAST_MAGNITUDE, MOST_MAGNITUDE = 1e-24, 1e24
"""Of a price and of a traded amount. Tokens have up to 24 decimals and up to 1e18 units; a ratio of two real prices is
far inside. What is outside is an error of its producer, and would spoil sums, logarithms and axes."""

FieldKind = Literal["string", "number", "integer", "time", "strings", "columns", "rows"]
_KIND_WORDS: Mapping[str, str] = {
    "string": "a string",
    "number": "a finite number",
    "integer": "an integer",
    "time": "an RFC 3339 time in UTC such as 2026-01-31T09:30:00.250Z",
    "strings": "a list of strings",
    "columns": "an object of equally long lists",
    "rows": "a list of objects",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a message. ``column`` is the gold column that it becomes (its own name by default).

    Of a number with ``has_magnitude`` only magnitudes from LEAST_MAGNITUDE to MOST_MAGNITUDE are accepted, and 0, not
    negative zero. ``parts`` are the numbers of an object: of "columns" each is a list of them, of "rows" each object
    has one of each; what else an object has is left out.
    """

    name: str
    kind: FieldKind
    meaning: str
    required: bool = True
    column: str | None = None
    pattern: str | None = None
    one_of: tuple[str, ...] = ()
    max_length: int | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    has_magnitude: bool = False
    parts: tuple["Field", ...] = ()

    def is_plausible(self, number: float) -> bool:
        """Return whether a number has an accepted magnitude."""
        if not self.has_magnitude:
            return True
        return LEAST_MAGNITUDE <= abs(number) <= MOST_MAGNITUDE or (number == 0 and copysign(1, number) > 0)

    @property
    def accepted(self) -> str:
        """Accepted values in words, for errors and docs."""
        words = [_KIND_WORDS[self.kind]]
        if self.parts:
            words.append("of " + " and ".join(f"{part.name} ({part.accepted})" for part in self.parts))
        if self.one_of:
            words = [f"one of {', '.join(self.one_of)}"]
        if self.pattern and self.kind != "time":
            words.append(f"matching {self.pattern}")
        if self.max_length:
            words.append(
                f"of at most {self.max_length} characters"
                if self.kind == "string"
                else f"with at most {self.max_length}"
            )
        bounds = (
            ("at least", self.at_least),
            ("at most", self.at_most),
            ("above", self.above),
            ("below", self.below),
        )
        words += [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
        if self.has_magnitude:
            zero = "" if self.above == 0 else "0 or "
            words.append(f"with {zero}a magnitude from {LEAST_MAGNITUDE:g} to {MOST_MAGNITUDE:g}")
        return " ".join(words) + ("" if self.required else ", or null")
