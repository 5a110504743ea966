"""Mentions of assets in a text, each with the passage about it.

An ordinary word is an asset only in its own spelling: ``LINK``, ``$near``, ``Chainlink``, never ``link`` or ``near``.
In a text all in capitals it needs its ``$``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import AssetNames
from streaming.analysis.sentiment.vocabulary import SEED_VOCABULARY, Vocabulary

TARGET, OTHER = "theasset", "otherasset"
_MAX_PASSAGE_CHARACTERS = 600
# Detection of the language and of the passages use the same title's spans.
_RECENT_TEXTS = 64
_CAPITALS_SHARE = 0.8
_MIN_WORDS_IN_CAPITALS = 3
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
    """An asset's name in a text, by its first character and the one after its last."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """An asset and the passage about it, in which TARGET stands for it and OTHER for every other asset."""

    symbol: str
    passage: str


def find_mentions(
    title: str, summary: str | None = None, vocabulary: Vocabulary = SEED_VOCABULARY
) -> list[Mention]:
    """Return each asset of the title or the summary, in the order of their first mention, with its passage.

    A title with one asset is its passage whole. In a sentence with several, each gets the clauses that name it; a
    clause that names none belongs to the assets of the clause before it.
    """
    sentences = [title, *(_SENTENCE_END.split(summary) if summary else ())]
    analysed = [(sentence, find_spans(sentence, vocabulary)) for sentence in sentences]
    symbols = dict.fromkeys(span.symbol for _, spans in analysed for span in spans)
    return [Mention(symbol, _to_passage(symbol, analysed, vocabulary)) for symbol in symbols]


@lru_cache(maxsize=_RECENT_TEXTS)
def find_spans(text: str, vocabulary: Vocabulary = SEED_VOCABULARY) -> tuple[Span, ...]:
    """Return the spans of asset names, from left to right. Pure; the same text and aliases give the same spans."""
    candidates = ((match, _names_of(match, text, vocabulary)) for match in vocabulary.pattern.finditer(text))
    return tuple(
        Span(names.symbol, match.start(), match.end()) for match, names in candidates if names is not None
    )


def _names_of(match: re.Match[str], text: str, vocabulary: Vocabulary) -> AssetNames | None:
    """Return the asset of a match; None where it is an ordinary word."""
    written = match["word"]
    if match["cash"]:
        return vocabulary.by_ticker.get(written.lower())
    names = vocabulary.by_word.get(written.lower())
    if names is None:
        names = vocabulary.by_exact.get(written)
        if names is None or _is_in_capitals(text):
            return None
    return names if _is_in_context(names, text, match, vocabulary) else None


def _to_passage(symbol: str, analysed: Sequence[tuple[str, Sequence[Span]]], vocabulary: Vocabulary) -> str:
    parts = []
    for sentence, spans in analysed:
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
    """Return the bounds of clauses; a piece without words about its assets is joined to its neighbour."""
    bounds, start = [], 0
    for end in _CLAUSE_END.finditer(sentence):
        if _has_statement(sentence[start : end.start()], vocabulary):
            bounds.append((start, end.start()))
            start = end.end()
    tail = sentence[start:]
    if bounds and not _has_statement(tail, vocabulary):
        bounds[-1] = (bounds[-1][0], len(sentence))
    else:
        bounds.append((start, len(sentence)))
    return bounds


def _has_statement(piece: str, vocabulary: Vocabulary) -> bool:
    words = [word for word in _WORD.findall(piece.lower()) if not _FUNCTION_WORD.fullmatch(word)]
    return len(words) > len(find_spans(piece, vocabulary))


def _masked(symbol: str, sentence: str, spans: Sequence[Span], *, start: int, end: int) -> str:
    pieces, at = [], start
    for span in spans:
        if start <= span.start and span.end <= end:
            pieces += [sentence[at : span.start], TARGET if span.symbol == symbol else OTHER]
            at = span.end
    return "".join((*pieces, sentence[at:end])).strip()


def _is_in_context(names: AssetNames, text: str, match: re.Match[str], vocabulary: Vocabulary) -> bool:
    before = _WORD.findall(text[max(0, match.start() - 30) : match.start()].lower())
    after = _WORD.findall(text[match.end() : match.end() + 30].lower())
    if match["word"].lower() not in vocabulary.by_word and before and before[-1] in names.not_after:
        return False
    in_path = "/" in (text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1])
    return not (after and after[0] in names.not_before) and (not in_path or match["word"].isupper())


def _is_in_capitals(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if word.isalpha()]
    return len(words) >= _MIN_WORDS_IN_CAPITALS and (
        sum(word.isupper() for word in words) / len(words) >= _CAPITALS_SHARE
    )
