"""Mentions of assets and of the market in a text, each with the passage about it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.aliases.names import MARKET
from streaming.analysis.sentiment.readable_text import to_readable
from streaming.analysis.sentiment.spans import Span, find_spans
from streaming.analysis.sentiment.vocabulary import SEED_VOCABULARY, Vocabulary

TARGET, OTHER = "theasset", "otherasset"
_MAX_PASSAGE_CHARACTERS = 600
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
class Mention:
    """An asset, or the market, and the passage about it: TARGET stands for it in there, OTHER for other assets.

    What names the market stays as it is written in the passage of an asset.
    """

    symbol: str
    passage: str


def find_mentions(
    title: str, summary: str | None = None, vocabulary: Vocabulary = SEED_VOCABULARY
) -> list[Mention]:
    """Return each symbol that the title or the summary speaks of, in the order of first mention, with its passage.

    A title with one symbol is its passage whole. In a sentence with several, each gets the clauses that name it; a
    clause that names none belongs to the symbols of the clause before it.
    """
    sentences = [to_readable(title), *(_SENTENCE_END.split(to_readable(summary)) if summary else ())]
    analysed = [(sentence, find_spans(sentence, vocabulary)) for sentence in sentences]
    symbols = dict.fromkeys(span.symbol for _, spans in analysed for span in spans)
    return [Mention(symbol, _to_passage(symbol, analysed)) for symbol in symbols]


def _to_passage(symbol: str, analysed: Sequence[tuple[str, Sequence[Span]]]) -> str:
    parts = []
    for sentence, spans in analysed:
        named = {span.symbol for span in spans}
        if symbol in named:
            bounds = (
                [(0, len(sentence))] if len(named) == 1 else list(_clauses_about(symbol, sentence, spans))
            )
            parts += [_masked(symbol, sentence, spans, start=start, end=end) for start, end in bounds]
    return " . ".join(parts)[:_MAX_PASSAGE_CHARACTERS]


def _clauses_about(symbol: str, sentence: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    current: set[str] = set()
    for start, end in _clauses(sentence, spans):
        named = {span.symbol for span in spans if start <= span.start < end}
        current = named or current
        if symbol in current:
            yield start, end


def _clauses(sentence: str, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Return the bounds of clauses; a piece without words about its assets is joined to its neighbour."""
    bounds, start = [], 0
    for end in _CLAUSE_END.finditer(sentence):
        if _has_statement(sentence, start, end.start(), spans):
            bounds.append((start, end.start()))
            start = end.end()
    if bounds and not _has_statement(sentence, start, len(sentence), spans):
        bounds[-1] = (bounds[-1][0], len(sentence))
    else:
        bounds.append((start, len(sentence)))
    return bounds


def _has_statement(sentence: str, start: int, end: int, spans: Sequence[Span]) -> bool:
    piece = sentence[start:end].lower()
    words = [word for word in _WORD.findall(piece) if not _FUNCTION_WORD.fullmatch(word)]
    return len(words) > len({span.start for span in spans if start <= span.start < end})


def _masked(symbol: str, sentence: str, spans: Sequence[Span], *, start: int, end: int) -> str:
    own = {span.start for span in spans if span.symbol == symbol}
    pieces, at = [], start
    for span in spans:
        is_masked = span.symbol == symbol if span.start in own else span.symbol != MARKET
        if is_masked and at <= span.start and span.end <= end:
            pieces += [sentence[at : span.start], TARGET if span.symbol == symbol else OTHER]
            at = span.end
    return "".join(_apart((*pieces, sentence[at:end]))).strip()


def _apart(pieces: Sequence[str]) -> Iterator[str]:
    """Yield pieces of a passage, with a space where two words would be one: ``₿100`` and ``ETHBTC`` name assets."""
    before = ""
    for piece in pieces:
        if piece:
            yield f" {piece}" if before[-1:].isalnum() and piece[0].isalnum() else piece
            before = piece
