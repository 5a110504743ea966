"""Rewriting of texts, so that VADER's rules apply a crypto lexicon to them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streaming.analysis.sentiment.alternatives import to_pattern

DIRECTORY = Path(__file__).parent
# French negates around the verb, VADER looks before the word: "ne chute pas" becomes "not chute".
_FRENCH_NEGATION = re.compile(
    r"\b(?:ne\s+|n')((?:[\w'-]+\s+){1,3}?)(?:pas|plus|jamais|guère|rien|personne|aucune?)\b(?!\s+que\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A lexicon of one language. ``version`` is its own number and a digest of the file."""

    language: str
    version: str
    valences: Mapping[str, float]
    roles: Mapping[str, str]
    _pattern: re.Pattern[str]
    _prefixes: tuple[str, ...]

    def rewrite(self, text: str) -> tuple[str, list[str]]:
        """Return the text with each term as one token of `token_valences`, and the terms themselves."""
        terms: list[str] = []

        def replace(match: re.Match[str]) -> str:
            written = match[0].lower()
            entry = self._entry(written)
            if entry in self.roles:
                return f" {self.roles[entry]} "
            if self.valences[entry] != 0:
                terms.append(written)
            return f" {_to_token(entry)} "

        straight = text.replace("’", "'")
        if self.language == "fr":
            straight = _FRENCH_NEGATION.sub(r"not \1", straight)
        return self._pattern.sub(replace, straight), terms

    @property
    def token_valences(self) -> dict[str, float]:
        """Return the valence of each token of `rewrite`."""
        return {_to_token(entry): valence for entry, valence in self.valences.items()}

    def _entry(self, written: str) -> str:
        """Return the lexicon's term of a matched text: itself, or the longest prefix."""
        if written in self.valences or written in self.roles:
            return written
        return next(f"{prefix}*" for prefix in self._prefixes if written.startswith(prefix))


def read_lexicon(language: str) -> Lexicon:
    """Read a language's lexicon. The same file has the same version."""
    content = (DIRECTORY / f"{language}.tsv").read_text(encoding="utf-8")
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
        version=f"1.{hashlib.sha256(content.encode()).hexdigest()[:8]}",
        valences=valences,
        roles=roles,
        _pattern=re.compile(rf"(?<![\w-]){to_pattern(longest_first)}(?!\w)", re.IGNORECASE),
        _prefixes=tuple(term[:-1] for term in longest_first if term.endswith("*")),
    )


def _to_token(entry: str) -> str:
    """Return a word of no language, in small letters, since VADER takes capitals for emphasis."""
    inner = re.sub(r"\W", "_", entry)
    return f"term{inner}term"
