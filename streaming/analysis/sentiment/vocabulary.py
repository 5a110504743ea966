"""Vocabulary of asset names: one regular expression of all aliases, and the asset of each word."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import AssetNames
from lakehouse.aliases.versions import SEED_VERSION, AliasVersion
from streaming.analysis.sentiment.alternatives import to_pattern

QUOTES = ("fdusd", "busd", "tusd", "usdt", "usdc", "usd", "eur", "gbp", "jpy", "krw", "btc", "eth", "bnb")
"""Currencies in which exchanges quote, of two or more in one place the longest first."""
SIGNS = {"₿": "btc", "Ξ": "eth"}
"""Signs of assets. The second is a Greek letter, too, and no sign where it touches another letter."""
_MAX_TICKER = 4
# A batch around a change needs two.
_RECENT_VOCABULARIES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Compiled aliases. A word that several assets claim is the first symbol's."""

    by_word: Mapping[str, AssetNames]
    by_exact: Mapping[str, AssetNames]
    by_ticker: Mapping[str, AssetNames]
    pattern: re.Pattern[str]

    def asset_of_ticker(self, ticker: str) -> AssetNames | None:
        """Return the asset of a ticker in a pair of currencies: its symbol, or a name of it that is as short."""
        return self.by_ticker.get(ticker) or self.by_word.get(ticker)


@lru_cache(maxsize=_RECENT_VOCABULARIES)
def vocabulary_of(aliases: AliasVersion) -> Vocabulary:
    """Return the vocabulary of a version of the aliases; recent ones are cached."""
    assets = sorted(aliases.assets, key=lambda asset: asset.symbol)
    by_word = _by(assets, lambda asset: asset.words)
    by_exact = _by(assets, lambda asset: asset.exact)
    by_ticker = {asset.symbol: asset for asset in assets}
    return Vocabulary(by_word, by_exact, by_ticker, _to_regex(by_word, by_exact, by_ticker))


def _to_regex(
    by_word: Mapping[str, AssetNames], by_exact: Mapping[str, AssetNames], by_ticker: Mapping[str, AssetNames]
) -> re.Pattern[str]:
    """Return a pattern of candidates: a word or $ticker, a pair of tickers without a space, an asset's sign."""
    if not by_ticker:
        return re.compile(r"(?P<cash>)(?P<counted>)(?P<word>)(?P<base>)(?P<quote>)(?P<sign>)(?!)")
    words = to_pattern({*by_word, *by_exact, *by_ticker})
    short = {word for word in by_word if len(word) <= _MAX_TICKER and word.isascii() and word.isalnum()}
    bases = to_pattern({*by_ticker, *short})
    begin, end = r"(?:(?P<cash>\$)|(?<![\w$@.])|(?<=\d)(?P<counted>))", r"(?!\w|\.\w|@)"
    pattern = (
        rf"{begin}(?:(?P<word>{words})(?:\.X(?!\w)|{end})"
        rf"|(?P<base>{bases})_?(?P<quote>{'|'.join(QUOTES)})(?:[-_]?PERP)?(?:\.P(?!\w)|{end}))"
        rf"|(?P<sign>{'|'.join(SIGNS)})"
    )
    return re.compile(pattern, re.IGNORECASE)


def _by(
    assets: Iterable[AssetNames], written: Callable[[AssetNames], tuple[str, ...]]
) -> dict[str, AssetNames]:
    by_word: dict[str, AssetNames] = {}
    for asset in assets:
        for word in written(asset):
            by_word.setdefault(word, asset)
    return by_word


SEED_VOCABULARY = vocabulary_of(SEED_VERSION)
