"""Idioms of markets, as data: what a verb does to an object decides the sign, such as a lawsuit that is dropped."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from streaming.analysis.sentiment.alternatives import WILDCARD, to_pattern

DIRECTORY = Path(__file__).parent
# A price or an amount by its sign, unit or size: $100K, 70 000 dollars, 95k, 120,000; no year, no percentage.
_AMOUNT = (
    r"(?:[$€£]\s?\d[\d.,]*(?:\s?(?:[kmb]n?|billion|million|trillion)\b)?"
    r"|\d[\d.,]*\s?k\b|\d{1,3}(?:[ .,]\d{3})+|\d{5,}|\d+(?=\s?(?:dollars|euros|[$€])))(?:\s?(?:dollars|euros|[$€]))?"
)
_NUMBER = "NUMBER"
_GAP_WORD = r"[\w'’$€£.%&/-]+"
_MAX_GAP_WORDS = 4
_RECENT_WORDS = 4_096


@dataclass(frozen=True, slots=True)
class _Idiom:
    """One pattern: its regular expression, its valence, and the words that it may begin with, some with a wildcard."""

    regex: str
    valence: float
    first_words: frozenset[str]


class Idioms:
    """Idioms of a language. Only those that begin with a word of the text are tried at that word."""

    def __init__(self, idioms: Sequence[_Idiom]) -> None:
        self._idioms = idioms
        self.valences = tuple(sorted({idiom.valence for idiom in idioms}))
        first_words = frozenset().union(*(idiom.first_words for idiom in idioms))
        self._anchor = re.compile(rf"(?<![\w-]){to_pattern(first_words)}(?!\w)", re.IGNORECASE)
        self._compiled: dict[tuple[int, ...], re.Pattern[str]] = {}
        self._pattern_of = lru_cache(maxsize=_RECENT_WORDS)(self._find_pattern)

    def find(self, text: str) -> list[tuple[int, int, float]]:
        """Return (start, end, valence) of idioms, from left to right; they do not overlap."""
        found: list[tuple[int, int, float]] = []
        for anchor in self._anchor.finditer(text):
            if found and anchor.start() < found[-1][1]:
                continue
            match = self._pattern_of(anchor[0].lower()).match(text, anchor.start())
            if match and match.lastgroup:
                found.append((match.start(), match.end(), self._idioms[int(match.lastgroup[1:])].valence))
        return found

    def _find_pattern(self, word: str) -> re.Pattern[str]:
        """Return one pattern of the idioms that may begin with a word; those of the same idioms share it."""
        beginnings = {word, *(f"{word[:end]}{WILDCARD}" for end in range(1, len(word) + 1))}
        places = tuple(
            at for at, idiom in enumerate(self._idioms) if not beginnings.isdisjoint(idiom.first_words)
        )
        if places not in self._compiled:
            groups = "|".join(f"(?P<i{at}>{self._idioms[at].regex})" for at in places)
            self._compiled[places] = re.compile(rf"(?:{groups})(?!\w|'t\b)", re.IGNORECASE)
        return self._compiled[places]


def read_idioms(language: str) -> Idioms:
    """Read a language's idioms. Raises: KeyError or ValueError for a malformed file."""
    document: Mapping[str, Any] = tomllib.loads(
        (DIRECTORY / f"idioms_{language}.toml").read_text(encoding="utf-8")
    )
    words = {name: _split(listed) for name, listed in document["words"].items()}
    choices = {name: _to_choice(listed) for name, listed in words.items()}
    gap = rf"(?:(?!{choices['stops']}\b){_GAP_WORD}\s+){{0,{_MAX_GAP_WORDS}}}?"
    return Idioms(
        [
            _Idiom(
                _to_regex(pattern, choices, gap),
                float(each["valence"]),
                _first_words(words.get(pattern.split(" ")[0], {pattern})),
            )
            for each in document["idioms"]
            for pattern in each["patterns"]
        ]
    )


def _split(listed: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in listed.split(","))


def _first_words(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(phrase.split(" ")[0] for phrase in phrases)


def _to_choice(words: Set[str]) -> str:
    amount = f"{_AMOUNT}|" if _NUMBER in words else ""
    return f"(?:{amount}{to_pattern(words - {_NUMBER})})"


def _to_regex(pattern: str, words: Mapping[str, str], gap: str) -> str:
    """Return the regular expression of a pattern: names of lists, words, NUMBER and gaps."""
    parts: list[str] = []
    for token in pattern.split(" "):
        if token == "..":
            parts[-1] += rf"\s+{gap}"
        else:
            parts.append(words.get(token) or (_AMOUNT if token == _NUMBER else to_pattern([token])))
    joined = ""
    for part in parts:
        separator = "" if not joined or joined.endswith(gap) else r"\s+"
        joined += separator + part
    return joined
