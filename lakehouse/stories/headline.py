"""Headline of a text as what it says: words, numbers and names in one spelling, for comparing it with others."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_DATA = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
_FILLING, _RISING, _FALLING = (frozenset(_DATA[name].split()) for name in ("filling", "rising", "falling"))
_ASSETS: Mapping[str, str] = _DATA["assets"]
_COUNTS: Mapping[str, int] = _DATA["counts"]
_UNITS: Mapping[str, float] = _DATA["units"]
_ASSET_WORDS = frozenset(_ASSETS.values())
_MAX_CHARACTERS = 500
_GROUPED = r"\d{1,3}(?:[ ,.'\u2019]\d{3})+(?!\d)"
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_PART = re.compile(
    rf"(?P<grouped>{_GROUPED})|(?P<number>\d+(?:[.,]\d+)?)(?:\s?(?P<unit>{_UNIT})(?![^\W_]))?|(?P<word>[^\W\d_]+)",
    re.IGNORECASE,
)
# " - Coin Ledger", " | Crypto News": the publisher's name after a headline.
_PUBLISHER = re.compile(r"\s+[|–—-]\s+[^|–—]{1,30}$")
_MIN_WORDS = 4
_POSSESSIVE = re.compile(r"'s\b", re.IGNORECASE)
_TITLE_CASE_SHARE = 0.7
_RECENT = 16_384


@dataclass(frozen=True, slots=True)
class Headline:
    """What a headline says: ``words`` with its numbers among them, and the ``names`` that it writes in capitals.

    ``names`` is None where most words are capitalised, for then capitals tell nothing.
    """

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str] | None

    @property
    def assets(self) -> frozenset[str]:
        """Assets that it names."""
        return self.words & _ASSET_WORDS

    @property
    def rising(self) -> frozenset[str]:
        """Words of a rise, a gain or a consent."""
        return self.words & _RISING

    @property
    def falling(self) -> frozenset[str]:
        """Words of a fall, a loss or a refusal."""
        return self.words & _FALLING


@lru_cache(maxsize=_RECENT)
def read_headline(title: str) -> Headline:
    """Return what a headline says. Pure and total; one without a letter or digit says itself.

    >>> sorted(read_headline("BTC slips below $61K - Coin Ledger").words)
    ['#61000', 'below', 'bitcoin', 'slip']
    """
    plain = _POSSESSIVE.sub("", _to_plain(_without_publisher(title[:_MAX_CHARACTERS])))
    words, numbers, names, n_letters = set(), set(), set(), 0
    for part in _PART.finditer(plain):
        written = part["word"]
        if written is None:
            numbers.add(_to_number(part))
            continue
        small = written.lower()
        if small in _COUNTS:
            words.add(f"#{_COUNTS[small]}")
        elif small not in _FILLING and len(small) > 1:
            n_letters += 1
            word = _to_stem(small)
            words.add(word)
            if written[0].isupper():
                names.add(word)
    is_title_case = n_letters >= _MIN_WORDS and len(names) > _TITLE_CASE_SHARE * n_letters
    said = frozenset(words | numbers) or frozenset({title.strip()}) - {""}
    return Headline(said, frozenset(numbers), None if is_title_case else frozenset(names))


def _without_publisher(title: str) -> str:
    shorter = _PUBLISHER.sub("", title)
    return shorter if len(shorter.split()) >= _MIN_WORDS else title


def _to_plain(title: str) -> str:
    """Return a title in compatibility form, without accents and with plain apostrophes."""
    decomposed = unicodedata.normalize("NFKD", title).replace("\u2019", "'")
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _to_number(part: re.Match[str]) -> str:
    if part["grouped"]:
        return f"#{int(re.sub(r'[^0-9]', '', part['grouped'])):g}"
    return f"#{float(part['number'].replace(',', '.')) * _UNITS.get((part['unit'] or '').lower(), 1):g}"


def _to_stem(word: str) -> str:
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    stem = word[:-1] if is_plural else word
    return _ASSETS.get(stem, stem)
