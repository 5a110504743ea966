"""Regular expressions of contracts, `^...$`, in the forms that paths, rows and documents need; routes of URLs."""

import re
from functools import cache
from typing import Any

from django.urls import URLPattern, re_path


@cache
def whole(pattern: str) -> re.Pattern[str]:
    """Return the pattern for whole texts: `$` alone matches before a final line break.

    >>> whole("^[a-z]+$").search("btc\\n") is None
    True
    """
    return re.compile(rf"\A{_bare(pattern)}\Z")


def in_path(name: str, pattern: str) -> str:
    """Return the pattern as a named group of a URL's path.

    >>> in_path("symbol", "^[a-z]+$")
    '(?P<symbol>[a-z]+)'
    """
    return f"(?P<{name}>{_bare(pattern)})"


def route(pattern: str, view: Any, name: str) -> URLPattern:
    """Return the route of a view class; a trailing slash is accepted too."""
    return re_path(rf"\A{pattern}/?\Z", view.as_view(), name=name)


def or_empty(pattern: str) -> str:
    """Return the pattern for texts that may be empty.

    >>> or_empty("^[a-z]{2}$")
    '^([a-z]{2})?$'
    """
    return f"^({_bare(pattern)})?$"


def in_any_case(pattern: str) -> str:
    """Return the pattern for upper and lower case.

    >>> in_any_case("^[a-z0-9]{1,20}$")
    '^[A-Za-z0-9]{1,20}$'
    """
    return pattern.replace("a-z", "A-Za-z")


def _bare(pattern: str) -> str:
    return pattern.removeprefix("^").removesuffix("$")
