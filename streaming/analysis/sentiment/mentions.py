"""Mentions of assets in a text, each with the passage about it.

An ordinary word is an asset only in its own spelling: ``LINK``, ``$near``, ``Chainlink``, never ``link`` or ``near``.
In a text all in capitals it needs its ``$``. After a hyphen it is one only in a pair of tickers (``BTC-LINK``). Nothing
in an address of the web is an asset.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import AssetNames
from streaming.analysis.sentiment.readable_text import to_readable
from streaming.analysis.sentiment.vocabulary import QUOTES, SEED_VOCABULARY, SIGNS, Vocabulary

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
_TICKER_BEFORE = re.compile(r"(?<![\w-])([A-Z0-9]{2,6})[-/]$")
_TICKER_AFTER = re.compile(r"[-/]([A-Z0-9]{2,6})(?![\w-])")
_ADDRESS = re.compile(
    r"\S*://|www\.|[\w-]+(?:\.[\w-]+)+/|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w.-])", re.IGNORECASE
)
# Pairs in lower case: these quotes are no part of a word, those need an asset whose ticker is none either.
_QUOTES_IN_ANY_CASE = ("usdt", "usdc")
_QUOTES_OF_TICKERS = ("usd", "btc", "eth")
_MAX_AMOUNT = 24
_AMOUNT = re.compile(r"(?<![\w.,])(?:\d[\d.,'’ ]*)?\d$")


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
    sentences = [to_readable(title), *(_SENTENCE_END.split(to_readable(summary)) if summary else ())]
    analysed = [(sentence, find_spans(sentence, vocabulary)) for sentence in sentences]
    symbols = dict.fromkeys(span.symbol for _, spans in analysed for span in spans)
    return [Mention(symbol, _to_passage(symbol, analysed, vocabulary)) for symbol in symbols]


@lru_cache(maxsize=_RECENT_TEXTS)
def find_spans(text: str, vocabulary: Vocabulary = SEED_VOCABULARY) -> tuple[Span, ...]:
    """Return the spans of asset names, from left to right. Pure; the same text and aliases give the same spans."""
    return tuple(
        span for match in vocabulary.pattern.finditer(text) for span in _spans_of(match, text, vocabulary)
    )


def _spans_of(match: re.Match[str], text: str, vocabulary: Vocabulary) -> Iterator[Span]:
    """Yield the assets of a match: none of an ordinary word, two of a pair of assets."""
    if _is_in_address(match, text) or not (match["counted"] is None or _is_counted(match, text, vocabulary)):
        return
    if match["base"]:
        yield from _spans_of_pair(match, vocabulary)
        return
    names = _named_by_sign(match, text, vocabulary) if match["sign"] else _names_of(match, text, vocabulary)
    if names is not None:
        yield Span(names.symbol, match.start(), match.end())


def _spans_of_pair(match: re.Match[str], vocabulary: Vocabulary) -> Iterator[Span]:
    base, quote = match["base"].lower(), match["quote"].lower()
    is_plain = match["base"].islower() and (
        quote in _QUOTES_IN_ANY_CASE or (base in vocabulary.by_word and quote in _QUOTES_OF_TICKERS)
    )
    names, other = vocabulary.asset_of_ticker(base), vocabulary.asset_of_ticker(quote)
    if names is None or names is other or not (is_plain or f"{match['base']}{match['quote']}".isupper()):
        return
    yield Span(names.symbol, match.start(), match.end() if other is None else match.end("base"))
    if other is not None:
        yield Span(other.symbol, match.start("quote"), match.end())


def _is_counted(match: re.Match[str], text: str, vocabulary: Vocabulary) -> bool:
    """Return true for a ticker right after its amount: ``500BTC``, not ``A5BTC`` or ``5link``."""
    word = match["word"] or ""
    amount = text[max(0, match.start() - _MAX_AMOUNT) : match.start()]
    return word.isupper() and word.lower() in vocabulary.by_ticker and _AMOUNT.search(amount) is not None


def _named_by_sign(match: re.Match[str], text: str, vocabulary: Vocabulary) -> AssetNames | None:
    sign = match["sign"]
    neighbours = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    if sign not in SIGNS or (sign.isalpha() and any(each.isalpha() or each == "-" for each in neighbours)):
        return None
    return vocabulary.by_ticker.get(SIGNS[sign])


def _names_of(match: re.Match[str], text: str, vocabulary: Vocabulary) -> AssetNames | None:
    """Return the asset of a match; None where it is an ordinary word."""
    written = match["word"]
    if match["cash"]:
        return vocabulary.by_ticker.get(written.lower())
    names = vocabulary.by_word.get(written.lower())
    if names is None:
        names = vocabulary.by_exact.get(written)
        is_after_hyphen = text[max(0, match.start() - 1) : match.start()] == "-"
        if names is None or (
            (is_after_hyphen or _is_in_capitals(text)) and not _is_in_pair(match, text, vocabulary)
        ):
            return None
    return names if _is_in_context(names, text, match, vocabulary) else None


def _is_in_pair(match: re.Match[str], text: str, vocabulary: Vocabulary) -> bool:
    """Return true beside another ticker: ``CROSS-LINK`` is a word, ``BTC-LINK`` a pair."""
    neighbours = (
        _TICKER_BEFORE.search(text, max(0, match.start() - 8), match.start()),
        _TICKER_AFTER.match(text, match.end()),
    )
    tickers = [neighbour[1].lower() for neighbour in neighbours if neighbour]
    return any(ticker in QUOTES or vocabulary.asset_of_ticker(ticker) is not None for ticker in tickers)


def _is_in_address(match: re.Match[str], text: str) -> bool:
    """Return true in an address of the web, or a host's name with a hyphen."""
    start = max(text.rfind(" ", 0, match.start()), text.rfind("(", 0, match.start())) + 1
    token = text[start : text.find(" ", match.end()) if " " in text[match.end() :] else len(text)]
    return _ADDRESS.match(token) is not None


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
    return "".join(_apart((*pieces, sentence[at:end]))).strip()


def _apart(pieces: Sequence[str]) -> Iterator[str]:
    """Yield pieces of a passage, with a space where two words would be one: ``₿100`` and ``ETHBTC`` name assets."""
    before = ""
    for piece in pieces:
        if piece:
            yield f" {piece}" if before[-1:].isalnum() and piece[0].isalnum() else piece
            before = piece


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
