"""Rewriting of texts, so that VADER's rules apply a crypto lexicon to them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streaming.analysis.sentiment.alternatives import to_pattern
from streaming.analysis.sentiment.lexicon.idioms import Idioms, read_idioms
from streaming.analysis.sentiment.lexicon.relations import RELATION_VALENCES, find_relation

DIRECTORY = Path(__file__).parent
# French negates around the verb, VADER looks before the word: "ne chute pas" becomes "not chute".
_FRENCH_NEGATION = re.compile(
    r"\b(?:ne\s+|n')((?:[\w'-]+\s+){1,3}?)(?:pas|plus|jamais|guère|rien|personne|aucune?)\b(?!\s+que\b)",
    re.IGNORECASE,
)


Term = tuple[str, str]
"""The word that VADER reads, of `Lexicon.word_valences` or one of its own rules, and what the text has there."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text in which ``term0term`` stands for the first of its terms, and so on."""

    text: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A lexicon of one language. ``version`` is its own number and a digest of its files."""

    language: str
    version: str
    valences: Mapping[str, float]
    roles: Mapping[str, str]
    _idioms: Idioms
    _pattern: re.Pattern[str]
    _prefixes: tuple[str, ...]

    def rewrite(self, text: str) -> Rewritten:
        """Return the text with placeholders for its terms: its relation first, then idioms, then words."""
        straight = text.replace("’", "'")
        if self.language == "fr":
            straight = _FRENCH_NEGATION.sub(r"not \1", straight)
        terms: list[Term] = []
        pieces, at = [], 0
        for start, end, valence in self._places(straight):
            pieces.append(self._rewrite_words(straight[at:start], terms))
            pieces.append(_placeholder(terms, (_to_word(valence), straight[start:end])))
            at = end
        pieces.append(self._rewrite_words(straight[at:], terms))
        return Rewritten("".join(pieces), tuple(terms))

    def _places(self, text: str) -> list[tuple[int, int, float]]:
        """Return (start, end, valence) of the relation and of the idioms beside it."""
        relation = find_relation(text, self.language)
        found = self._idioms.find(text)
        if relation is None:
            return found
        start, end, _ = relation
        return sorted([relation, *(each for each in found if each[1] <= start or each[0] >= end)])

    def _rewrite_words(self, text: str, terms: list[Term]) -> str:
        def replace(match: re.Match[str]) -> str:
            entry = self._entry(match[0].lower())
            word = self.roles.get(entry) or _to_word(self.valences[entry])
            return _placeholder(terms, (word, match[0]))

        return self._pattern.sub(replace, text)

    @property
    def word_valences(self) -> dict[str, float]:
        """Return the valence of each word that VADER reads for a term."""
        valences = {*self.valences.values(), *self._idioms.valences, *RELATION_VALENCES}
        return {_to_word(valence): valence for valence in valences}

    def _entry(self, written: str) -> str:
        """Return the lexicon's term of a matched text: itself, or the longest prefix."""
        if written in self.valences or written in self.roles:
            return written
        return next(f"{prefix}*" for prefix in self._prefixes if written.startswith(prefix))


def _to_word(valence: float) -> str:
    """Return a word of no language, in small letters, since VADER takes capitals for emphasis."""
    return f"valence{valence:g}"


def _placeholder(terms: list[Term], term: Term) -> str:
    terms.append(term)
    return f" term{len(terms) - 1}term "


def read_lexicon(language: str) -> Lexicon:
    """Read a language's lexicon. The same files have the same version."""
    content = (DIRECTORY / f"{language}.tsv").read_text(encoding="utf-8")
    idioms = (DIRECTORY / f"idioms_{language}.toml").read_text(encoding="utf-8")
    valences: dict[str, float] = {}
    roles: dict[str, str] = {}
    for line in content.splitlines():
        if not line.startswith("#"):
            term, meaning = line.split("\t")
            if meaning.isalpha():
                roles[term] = meaning
            else:
                valences[term] = float(meaning)
    longest_first = sorted({**valences, **roles}, key=lambda term: (-len(term), term))
    return Lexicon(
        language=language,
        version=f"2.{hashlib.sha256((content + idioms).encode()).hexdigest()[:8]}",
        valences=valences,
        roles=roles,
        _idioms=read_idioms(language),
        _pattern=re.compile(rf"(?<![\w-]){to_pattern(longest_first)}(?!\w|'t\b)", re.IGNORECASE),
        _prefixes=tuple(term[:-1] for term in longest_first if term.endswith("*")),
    )
