"""Vocabulary of asset names: one regular expression of all aliases, and the asset of each word."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.aliases.names import AssetNames
from lakehouse.aliases.versions import SEED_VERSION, AliasVersion
from streaming.analysis.sentiment.alternatives import to_pattern

# A batch around a change needs two.
_RECENT_VOCABULARIES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Compiled aliases. A word that several assets claim is the first symbol's."""

    by_word: Mapping[str, AssetNames]
    by_exact: Mapping[str, AssetNames]
    by_ticker: Mapping[str, AssetNames]
    pattern: re.Pattern[str]


@lru_cache(maxsize=_RECENT_VOCABULARIES)
def vocabulary_of(aliases: AliasVersion) -> Vocabulary:
    """Return the vocabulary of a version of the aliases; recent ones are cached."""
    assets = sorted(aliases.assets, key=lambda asset: asset.symbol)
    by_word = _by(assets, lambda asset: asset.words)
    by_exact = _by(assets, lambda asset: asset.exact)
    by_ticker = {asset.symbol: asset for asset in assets}
    words = to_pattern({*by_word, *by_exact, *by_ticker}) if assets else r"(?!)"
    pattern = rf"(?:(?P<cash>\$)|(?<![\w$@.-]))(?P<word>{words})(?!\w|\.\w|@)"
    return Vocabulary(by_word, by_exact, by_ticker, re.compile(pattern, re.IGNORECASE))


def _by(
    assets: Iterable[AssetNames], written: Callable[[AssetNames], tuple[str, ...]]
) -> dict[str, AssetNames]:
    by_word: dict[str, AssetNames] = {}
    for asset in assets:
        for word in written(asset):
            by_word.setdefault(word, asset)
    return by_word


SEED_VOCABULARY = vocabulary_of(SEED_VERSION)
