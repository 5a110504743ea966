"""Which assets a text speaks of, and which part of it speaks of each.

An ordinary word is an asset only where it is written as one: ``LINK``, ``$near``, ``Chainlink``, never ``link`` or
``near``. In a text all in capitals, where case says nothing, it needs its ``$``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import AssetNames
from streaming.analysis.sentiment.vocabulary import SEED_VOCABULARY, Vocabulary

TARGET, OTHER = "theasset", "otherasset"
_MAX_PASSAGE_CHARACTERS = 600
# Telling the language and finding the passages ask for the same title's spans.
_RECENT_TEXTS = 64
_CAPITALS_SHARE = 0.8
_LEAST_WORDS_TO_SHOUT = 3
# Where one statement ends and the next, about another asset perhaps, begins.
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_CLAUSE_END = re.compile(
    r"\s*[;:,]\s+|\s+[–—-]\s+"
    r"|\s+(?=(?:while|whereas|as|even as|but|and|although|though|after)\b)"
    r"|\s+(?=(?:tandis que|alors que|pendant que|quand|mais|et|bien que|après)\b)",
    re.IGNORECASE,
)
_FUNCTION_WORD = re.compile(
    r"an?|the|of|in|on|to|and|but|as|even|while|whereas|although|though|after|both"
    r"|l[ea]?s?|une?|d[eu]?|des|et|mais|en|à|aux?|que|quand|bien|tandis|alors|pendant|après"
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Span:
    """Where an asset is written in a text."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """An asset and what a text says of it; in ``passage`` it is called TARGET and every other asset OTHER."""

    symbol: str
    passage: str


def find_mentions(
    title: str, summary: str | None = None, vocabulary: Vocabulary = SEED_VOCABULARY
) -> list[Mention]:
    """Each asset that the title or the summary speaks of, in the order of their first appearance, with its passage.

    A title that speaks of one asset is its passage whole. Where a sentence speaks of several, each gets the clauses
    that name it; a clause that names none belongs to the assets of the clause before it.
    """
    sentences = [title, *(_SENTENCE_END.split(summary) if summary else ())]
    spoken = [(sentence, find_spans(sentence, vocabulary)) for sentence in sentences]
    symbols = dict.fromkeys(span.symbol for _, spans in spoken for span in spans)
    return [Mention(symbol, _to_passage(symbol, spoken, vocabulary)) for symbol in symbols]


@lru_cache(maxsize=_RECENT_TEXTS)
def find_spans(text: str, vocabulary: Vocabulary = SEED_VOCABULARY) -> tuple[Span, ...]:
    """Where assets are written, from left to right. Pure; the same text and aliases give the same spans."""
    found = ((match, _names_of(match, text, vocabulary)) for match in vocabulary.pattern.finditer(text))
    return tuple(
        Span(names.symbol, match.start(), match.end()) for match, names in found if names is not None
    )


def _names_of(match: re.Match[str], text: str, vocabulary: Vocabulary) -> AssetNames | None:
    """The asset that is written there; None where it is an ordinary word."""
    written = match["word"]
    if match["cash"]:
        return vocabulary.by_ticker.get(written.lower())
    names = vocabulary.by_word.get(written.lower())
    if names is None:
        names = vocabulary.by_exact.get(written)
        if names is None or _is_shouted(text):
            return None
    return names if _is_in_context(names, text, match, vocabulary) else None


def _to_passage(symbol: str, spoken: Sequence[tuple[str, Sequence[Span]]], vocabulary: Vocabulary) -> str:
    parts = []
    for sentence, spans in spoken:
        named = {span.symbol for span in spans}
        if symbol in named:
            bounds = (
                [(0, len(sentence))]
                if len(named) == 1
                else list(_clauses_about(symbol, sentence, spans, vocabulary))
            )
            parts += [_masked(symbol, sentence, spans, start=start, end=end) for start, end in bounds]
    return " . ".join(parts)[:_MAX_PASSAGE_CHARACTERS]


def _clauses_about(
    symbol: str, sentence: str, spans: Sequence[Span], vocabulary: Vocabulary
) -> Iterator[tuple[int, int]]:
    current: set[str] = set()
    for start, end in _clauses(sentence, vocabulary):
        named = {span.symbol for span in spans if start <= span.start < end}
        current = named or current
        if symbol in current:
            yield start, end


def _clauses(sentence: str, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """The clauses that can stand alone; a piece that says nothing of its assets is joined to its neighbour."""
    bounds, start = [], 0
    for found in _CLAUSE_END.finditer(sentence):
        piece = sentence[start : found.start()]
        if _says_something(piece, vocabulary):
            bounds.append((start, found.start()))
            start = found.end()
    tail = sentence[start:]
    if bounds and not _says_something(tail, vocabulary):
        bounds[-1] = (bounds[-1][0], len(sentence))
    else:
        bounds.append((start, len(sentence)))
    return bounds


def _says_something(piece: str, vocabulary: Vocabulary) -> bool:
    words = [word for word in _WORD.findall(piece.lower()) if not _FUNCTION_WORD.fullmatch(word)]
    return len(words) > len(find_spans(piece, vocabulary))


def _masked(symbol: str, sentence: str, spans: Sequence[Span], *, start: int, end: int) -> str:
    pieces, at = [], start
    for span in spans:
        if start <= span.start and span.end <= end:
            pieces += [sentence[at : span.start], TARGET if span.symbol == symbol else OTHER]
            at = span.end
    return "".join((*pieces, sentence[at:end])).strip()


def _is_in_context(names: AssetNames, text: str, found: re.Match[str], vocabulary: Vocabulary) -> bool:
    before = _WORD.findall(text[max(0, found.start() - 30) : found.start()].lower())
    after = _WORD.findall(text[found.end() : found.end() + 30].lower())
    if found["word"].lower() not in vocabulary.by_word and before and before[-1] in names.not_after:
        return False
    in_path = "/" in (text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1])
    return not (after and after[0] in names.not_before) and (not in_path or found["word"].isupper())


def _is_shouted(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if word.isalpha()]
    return len(words) >= _LEAST_WORDS_TO_SHOUT and (
        sum(word.isupper() for word in words) / len(words) >= _CAPITALS_SHARE
    )
