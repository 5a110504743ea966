"""Patterns as contracts write them, `^...$`, put to other uses: one definition for paths, rows and documents."""

import re
from functools import cache


@cache
def whole(pattern: str) -> re.Pattern[str]:
    """Matches whole texts only: `$` alone lets a line break pass.

    >>> whole("^[a-z]+$").search("btc\\n") is None
    True
    """
    return re.compile(rf"\A{_bare(pattern)}\Z")


def in_path(name: str, pattern: str) -> str:
    """A part of a URL's path, by its name.

    >>> in_path("symbol", "^[a-z]+$")
    '(?P<symbol>[a-z]+)'
    """
    return f"(?P<{name}>{_bare(pattern)})"


def or_empty(pattern: str) -> str:
    """
    >>> or_empty("^[a-z]{2}$")
    '^([a-z]{2})?$'
    """
    return f"^({_bare(pattern)})?$"


def in_any_case(pattern: str) -> str:
    """
    >>> in_any_case("^[a-z0-9]{1,20}$")
    '^[A-Za-z0-9]{1,20}$'
    """
    return pattern.replace("a-z", "A-Za-z")


def _bare(pattern: str) -> str:
    return pattern.removeprefix("^").removesuffix("$")
