"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches

_MAX_CHARACTERS = 40


def nearest(text: str, names: Iterable[str]) -> str | None:
    """Return the name that a text is close to, in whatever case; None where none is.

    >>> nearest("Prx", ["sentiment", "prediction", "prix"])
    'prix'
    """
    found = get_close_matches(text.lower(), list(names), n=1) if len(text) <= _MAX_CHARACTERS else []
    return found[0] if found else None


def with_nearest(accepted: str, text: str, names: Iterable[str]) -> str:
    """Return what is accepted, and the name that was probably meant."""
    name = nearest(text, names)
    return accepted if name is None else f"{accepted}; did you mean {name}?"
