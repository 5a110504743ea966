"""Text as it is searched for names: without the characters that only change how it looks."""

import re
import unicodedata
from functools import lru_cache

_KEPT = "…"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def to_readable(text: str) -> str:
    r"""Return a text in compatibility form (NFKC), with plain hyphens and without format characters. Idempotent.

    Control characters of Windows-1252 that were read as Latin-1 are what they were meant for: \x92 is an apostrophe.

    An ellipsis stays, since a sentence ends with it; raised signs (™, ²) are spaces, since they are no part of a word.

    >>> to_readable("Ｂｉｔ\u00adcoin™ pro\u2011𝐁𝐓𝐂…")
    'Bitcoin  pro-BTC…'
    """
    if text.isascii():
        return text
    parts = (unicodedata.normalize("NFKC", _plain(part)) for part in text.split(_KEPT))
    return _KEPT.join(_plain(part) for part in parts)


def _plain(text: str) -> str:
    return _BEYOND_ASCII.sub(lambda match: _plain_character(match[0]), text)


@lru_cache(maxsize=4_096)
def _plain_character(character: str) -> str:
    if "\x80" <= character <= "\x9f":
        meant = character.encode("latin-1").decode("cp1252", "ignore")
        return _plain_character(meant) if meant else ""
    if character in "‐‑":
        return "-"
    if unicodedata.category(character) == "Cf":
        return ""
    return " " if unicodedata.decomposition(character).startswith("<super>") else character
