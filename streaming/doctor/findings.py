"""Findings of the doctor: what was looked at, how it is, and what to do."""

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `advice` is empty where all is well."""

    what: str
    level: str
    detail: str
    advice: str = ""

    def to_line(self) -> str:
        """Return it as a line of text."""
        advice = f"  -> {self.advice}" if self.advice else ""
        return f"{self.level:<4}  {self.what:<9} {self.detail}{advice}"
