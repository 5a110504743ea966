"""Vocabulary of names: one regular expression of all aliases, and the asset or entity of each word."""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import MARKET, AssetNames, Names, claim_order
from lakehouse.aliases.versions import SEED_VERSION, AliasVersion
from streaming.analysis.sentiment.alternatives import to_pattern

QUOTES = ("fdusd", "busd", "tusd", "usdt", "usdc", "usd", "eur", "gbp", "jpy", "krw", "btc", "eth", "bnb")
"""Currencies in which exchanges quote, of two or more in one place the longest first."""
SIGNS = {"₿": "btc", "Ξ": "eth"}
"""Signs of assets. The second is a Greek letter, too, and no sign where it touches another letter."""
_MAX_TICKER = 4
# Names made of a word of crypto and another one, by their inner capital: CryptoSlots, DubaiCoin.
_COMPOUND = r"(?P<compound>(?<![\w$@.-])(?-i:Crypto[A-Z]\w*|[A-Z][a-z]+Coins?)(?!\w|\.\w|@))"
# A batch around a change needs two.
_RECENT_VOCABULARIES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Compiled names of assets and entities. A word that several claim is the first's of `claim_order`."""

    by_word: Mapping[str, Names]
    by_exact: Mapping[str, Names]
    by_context: Mapping[str, Names]
    by_ticker: Mapping[str, AssetNames]
    market: AssetNames | None
    pattern: re.Pattern[str]

    def asset_of_ticker(self, ticker: str) -> AssetNames | None:
        """Return the asset of a ticker in a pair of currencies: its symbol, or a name of it that is as short."""
        names = self.by_ticker.get(ticker) or self.by_word.get(ticker)
        return names if isinstance(names, AssetNames) and names.symbol != MARKET else None


@lru_cache(maxsize=_RECENT_VOCABULARIES)
def vocabulary_of(aliases: AliasVersion) -> Vocabulary:
    """Return the vocabulary of a version of the aliases; recent ones are cached."""
    names = claim_order((*aliases.assets, *aliases.entities))
    by_word = _by(names, lambda each: each.words)
    by_exact = _by(names, lambda each: each.exact)
    by_context = _by(names, lambda each: each.in_context)
    by_ticker = {asset.symbol: asset for asset in aliases.assets if asset.symbol != MARKET}
    spellings = {_to_small(word) for word in (*by_word, *by_exact, *by_context, *by_ticker)}
    pattern = _to_regex(spellings, by_word, by_ticker)
    market = next((asset for asset in aliases.assets if asset.symbol == MARKET), None)
    return Vocabulary(by_word, by_exact, by_context, by_ticker, market, pattern)


def _to_small(word: str) -> str:
    """Return a word in small letters, as it is where they are more characters; the pattern ignores case."""
    small = word.lower()
    return small if len(small) == len(word) else word


def _to_regex(
    all_words: Set[str], by_word: Mapping[str, Names], by_ticker: Mapping[str, AssetNames]
) -> re.Pattern[str]:
    """Return a pattern of candidates: a word or $ticker, a pair of tickers, a compound, an asset's sign."""
    if not by_ticker:
        return re.compile(r"(?P<cash>)(?P<word>)(?P<base>)(?P<quote>)(?P<compound>)(?P<sign>)(?!)")
    short = {word for word in by_word if len(word) <= _MAX_TICKER and word.isascii() and word.isalnum()}
    bases = to_pattern({*by_ticker, *(word for word in short if isinstance(by_word[word], AssetNames))})
    begin, end = r"(?:(?P<cash>\$)|(?<![\w$@.]))", r"(?!\w|\.\w|@)"
    pattern = (
        rf"{begin}(?:(?P<word>{to_pattern(all_words)})(?:\.X(?!\w)|{end})"
        rf"|(?P<base>{bases})_?(?P<quote>{'|'.join(QUOTES)})(?:[-_]?PERP)?(?:\.P(?!\w)|{end}))"
        rf"|{_COMPOUND}|(?P<sign>{'|'.join(SIGNS)})"
    )
    return re.compile(pattern, re.IGNORECASE)


def _by(names: Iterable[Names], written: Callable[[Names], tuple[str, ...]]) -> dict[str, Names]:
    by_word: dict[str, Names] = {}
    for each in names:
        for word in written(each):
            by_word.setdefault(word, each)
    return by_word


SEED_VOCABULARY = vocabulary_of(SEED_VERSION)
