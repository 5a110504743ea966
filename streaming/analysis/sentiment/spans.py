"""Names of assets and entities in a text: where each is, and which symbols it is attributed to.

An ordinary word is an asset only in its own spelling: ``LINK``, ``$near``, ``Chainlink``, never ``link`` or ``near``.
In a text all in capitals it needs its ``$``. After a hyphen it is one only in a pair of tickers (``BTC-LINK``). Names
``in_context`` count only beside another word of crypto (`crypto_context`). Nothing in an address of the web is a name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import AssetNames, EntityNames, Names
from streaming.analysis.sentiment.crypto_context import names_crypto, names_market_move
from streaming.analysis.sentiment.vocabulary import QUOTES, SEED_VOCABULARY, SIGNS, Vocabulary

# Detection of the language and of the passages use the same title's spans.
_RECENT_TEXTS = 64
_CAPITALS_SHARE = 0.8
_MIN_WORDS_IN_CAPITALS = 3
_WORD = re.compile(r"\w+")
_TICKER_BEFORE = re.compile(r"(?<![\w-])([A-Z0-9]{2,6})[-/]$")
_TICKER_AFTER = re.compile(r"[-/]([A-Z0-9]{2,6})(?![\w-])")
_ADDRESS = re.compile(
    r"\S*://|www\.|[\w-]+(?:\.[\w-]+)+/|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w.-])", re.IGNORECASE
)
# Pairs in lower case: these quotes are no part of a word, those need an asset whose ticker is none either.
_QUOTES_IN_ANY_CASE = ("usdt", "usdc")
_QUOTES_OF_TICKERS = ("usd", "btc", "eth")


@dataclass(frozen=True, slots=True)
class Span:
    """A name in a text that is attributed to a symbol, by its first character and the one after its last."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Named:
    names: Names
    start: int
    end: int
    needs_context: bool = False

    def spans(self) -> Iterator[Span]:
        return (Span(symbol, self.start, self.end) for symbol in self.names.symbols)


@lru_cache(maxsize=_RECENT_TEXTS)
def find_spans(text: str, vocabulary: Vocabulary = SEED_VOCABULARY) -> tuple[Span, ...]:
    """Return the spans of names, from left to right. Pure; the same text and aliases give the same spans.

    An entity with an asset of its own has two spans at one place: the asset's and the market's.
    """
    named = [
        each for match in vocabulary.pattern.finditer(text) for each in _named_by(match, text, vocabulary)
    ]
    if any(each.needs_context for each in named):
        is_crypto = not all(each.needs_context for each in named) or names_crypto(text)
        is_market = is_crypto or names_market_move(text)
        named = [
            each
            for each in named
            if not each.needs_context or (is_crypto if isinstance(each.names, EntityNames) else is_market)
        ]
    return tuple(span for each in named for span in each.spans())


def _named_by(match: re.Match[str], text: str, vocabulary: Vocabulary) -> Iterator[_Named]:
    """Yield what a match names: nothing where it is an ordinary word, two of a pair of assets."""
    if _is_in_address(match, text):
        return
    if match["base"]:
        yield from _named_by_pair(match, vocabulary)
    elif match["compound"]:
        yield from _at(match, vocabulary.market)
    elif match["sign"]:
        yield from _at(match, _named_by_sign(match, text, vocabulary))
    elif match["cash"]:
        yield from _at(match, vocabulary.by_ticker.get(match["word"].lower()))
    else:
        yield from _named_by_word(match, text, vocabulary)


def _at(match: re.Match[str], names: Names | None) -> Iterator[_Named]:
    if names is not None:
        yield _Named(names, match.start(), match.end())


def _named_by_pair(match: re.Match[str], vocabulary: Vocabulary) -> Iterator[_Named]:
    base, quote = match["base"].lower(), match["quote"].lower()
    is_plain = match["base"].islower() and (
        quote in _QUOTES_IN_ANY_CASE or (base in vocabulary.by_word and quote in _QUOTES_OF_TICKERS)
    )
    names, other = vocabulary.asset_of_ticker(base), vocabulary.asset_of_ticker(quote)
    if names is None or names is other or not (is_plain or f"{match['base']}{match['quote']}".isupper()):
        return
    is_other_meant = other is not None and quote not in _QUOTES_IN_ANY_CASE
    yield _Named(names, match.start(), match.end("base") if is_other_meant else match.end())
    if other is not None and is_other_meant:
        yield _Named(other, match.start("quote"), match.end())


def _named_by_sign(match: re.Match[str], text: str, vocabulary: Vocabulary) -> AssetNames | None:
    sign = match["sign"]
    neighbours = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    if sign not in SIGNS or (sign.isalpha() and any(each.isalpha() or each == "-" for each in neighbours)):
        return None
    return vocabulary.by_ticker.get(SIGNS[sign])


def _named_by_word(match: re.Match[str], text: str, vocabulary: Vocabulary) -> Iterator[_Named]:
    written = match["word"]
    names = vocabulary.by_word.get(written.lower())
    needs_context = False
    if names is None:
        exact, in_context = vocabulary.by_exact.get(written), vocabulary.by_context.get(written)
        names, needs_context = exact or in_context, exact is None
        is_after_hyphen = text[max(0, match.start() - 1) : match.start()] == "-"
        if names is None or (
            (is_after_hyphen or _is_in_capitals(text)) and not _is_in_pair(match, text, vocabulary)
        ):
            return
    elif written.lower() in _QUOTES_IN_ANY_CASE and _is_in_pair(match, text, vocabulary):
        return
    if _is_in_context(names, text, match, vocabulary):
        yield _Named(names, match.start(), match.end(), needs_context)


def _is_in_pair(match: re.Match[str], text: str, vocabulary: Vocabulary) -> bool:
    """Return true beside another ticker: ``CROSS-LINK`` is a word, ``BTC-LINK`` a pair."""
    neighbours = (
        _TICKER_BEFORE.search(text, max(0, match.start() - 8), match.start()),
        _TICKER_AFTER.match(text, match.end()),
    )
    tickers = [neighbour[1].lower() for neighbour in neighbours if neighbour]
    return any(ticker in QUOTES or vocabulary.asset_of_ticker(ticker) is not None for ticker in tickers)


def _is_in_address(match: re.Match[str], text: str) -> bool:
    """Return true in an address of the web, or a host's name with a hyphen; not of a name that is one (Crypto.com)."""
    if "." not in text and "/" not in text:
        return False
    start = max(text.rfind(" ", 0, match.start()), text.rfind("(", 0, match.start())) + 1
    end = text.find(" ", match.end())
    if "." in (match["word"] or "") and text[start : match.start()].strip("\"'“‘«#") == "":
        return text[match.end() : match.end() + 1] == "/"
    return _ADDRESS.match(text, start, len(text) if end < 0 else end) is not None


def _is_in_context(names: Names, text: str, match: re.Match[str], vocabulary: Vocabulary) -> bool:
    start, end = match.span()
    if names.not_after and match["word"].lower() not in vocabulary.by_word:
        before = _WORD.findall(text[max(0, start - 30) : start].lower())
        if before and before[-1] in names.not_after:
            return False
    if names.not_before:
        after = _WORD.findall(text[end : end + 30].lower())
        if after and after[0] in names.not_before:
            return False
    return "/" not in (text[start - 1 : start], text[end : end + 1]) or match["word"].isupper()


def _is_in_capitals(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if word.isalpha()]
    return len(words) >= _MIN_WORDS_IN_CAPITALS and (
        sum(word.isupper() for word in words) / len(words) >= _CAPITALS_SHARE
    )
