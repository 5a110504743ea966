"""Names of assets in texts, and those that an installation begins with."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import AliasError
from lakehouse.messages.contract import SYMBOL_PATTERN

KINDS: Mapping[str, str] = {
    "words": "mean the asset in any case",
    "exact": "mean the asset as written only",
    "not_after": "what follows them does not mean the asset; lower case",
    "not_before": "what precedes them does not mean the asset; lower case",
}
MAX_WORDS = 50
WORD_MAX_CHARACTERS = 60
MAX_ASSETS = 10_000
_CONTEXT_KINDS = ("not_after", "not_before")
_REFUSED = re.compile(r"[\0*\ud800-\udfff]")
_FINGERPRINT_CHARACTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetNames:
    """Spellings of one asset.

    ``words`` mean it in any case. ``exact`` mean it as written only: ordinary words in any other case. Neither counts
    after a word of ``not_after`` or before one of ``not_before``, which are lower case. ``$symbol`` always counts.
    """

    symbol: str
    words: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()

    @staticmethod
    def parse(symbol: str, kinds: Any) -> "AssetNames":
        """Return the names of {kind: [words]}. Runs of spaces become one, ``words`` lower case.

        Raises AliasError.

        >>> AssetNames.parse("zed", {"words": [" Zed  Coin"]}).words
        ('zed coin',)
        """
        if re.fullmatch(SYMBOL_PATTERN, symbol, re.ASCII) is None:
            raise AliasError(f"a symbol is 1 to 20 of a-z and 0-9, not {symbol[:30]!r}")
        try:
            check_kinds(kinds)
        except AliasError as error:
            raise AliasError(f"{symbol}: {error}") from error
        written = {
            kind: tuple(dict.fromkeys(" ".join(word.split()) for word in words))
            for kind, words in kinds.items()
        }
        if "words" in written:
            written["words"] = tuple(dict.fromkeys(word.lower() for word in written["words"]))
        return AssetNames(symbol=symbol, **written)

    def to_kinds(self) -> dict[str, list[str]]:
        """Return {kind: words} of the kinds that have any."""
        return {kind: list(words) for kind in KINDS if (words := getattr(self, kind))}


def check_kinds(kinds: Any) -> None:
    """Raise AliasError unless it is {kind: [words]}, with kinds of KINDS and words within bounds."""
    if not isinstance(kinds, dict):
        raise AliasError("an object of lists")
    for kind, words in kinds.items():
        if kind not in KINDS:
            raise AliasError(f"the kinds are {', '.join(KINDS)}")
        if not isinstance(words, list) or len(words) > MAX_WORDS:
            raise AliasError(f"{kind}: a list of at most {MAX_WORDS}")
        for word in words:
            if not isinstance(word, str) or not 1 <= len(word.strip()) <= len(word) <= WORD_MAX_CHARACTERS:
                raise AliasError(f"{kind}: texts of 1 to {WORD_MAX_CHARACTERS} characters")
            if _REFUSED.search(word) or (kind in _CONTEXT_KINDS and word != word.lower()):
                raise AliasError(
                    f"{kind}: without NUL, * and halves of characters; lower case where it is context"
                )


def fingerprint_of(assets: Iterable[AssetNames]) -> str:
    """Return a hash of the searched names, whatever the order of assets and words.

    >>> fingerprint_of(SEED) == fingerprint_of(reversed(SEED)), len(fingerprint_of(()))
    (True, 8)
    """
    names = {
        asset.symbol: {kind: sorted(words) for kind, words in asset.to_kinds().items()} for asset in assets
    }
    canonical = json.dumps(names, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


def shared_words(assets: Sequence[AssetNames]) -> dict[str, tuple[str, ...]]:
    """Return {word: symbols} of words that several assets claim; the first symbol of the alphabet has them."""
    claimed: dict[str, set[str]] = {}
    for asset in assets:
        for word in (*asset.words, *asset.exact):
            claimed.setdefault(word, set()).add(asset.symbol)
    return {word: tuple(sorted(symbols)) for word, symbols in claimed.items() if len(symbols) > 1}


SEED = (
    AssetNames(symbol="btc", words=("bitcoin", "bitcoins", "btc", "xbt"), not_before=("cash", "sv", "gold")),
    AssetNames(symbol="eth", words=("ethereum", "ether", "eth"), not_before=("classic", "zürich", "zurich")),
    AssetNames(symbol="sol", words=("solana",), exact=("SOL",)),
    AssetNames(symbol="xrp", words=("xrp", "ripple"), not_before=("effect", "effects")),
    AssetNames(
        symbol="ada", words=("cardano",), exact=("ADA",), not_before=("compliance", "compliant", "lovelace")
    ),
    AssetNames(
        symbol="doge", words=("dogecoin", "dogecoins"), exact=("DOGE",), not_before=("cuts", "office")
    ),
    AssetNames(
        symbol="dot",
        words=("polkadot",),
        exact=("DOT",),
        not_after=("us", "u.s", "federal", "state", "texas", "california"),
        not_before=("com", "secretary", "dress"),
    ),
    AssetNames(symbol="link", words=("chainlink",), exact=("LINK",)),
    AssetNames(
        symbol="avax",
        words=("avax",),
        exact=("Avalanche",),
        not_after=("colorado", "une", "an", "the"),
        not_before=("of", "de", "d", "risk", "warning"),
    ),
    AssetNames(symbol="bnb", words=("bnb",)),
    AssetNames(symbol="near", words=("near protocol",), exact=("NEAR",)),
    AssetNames(symbol="ltc", words=("litecoin", "litecoins", "ltc")),
    AssetNames(symbol="atom", words=("cosmos hub",), exact=("ATOM", "Cosmos"), not_after=("the", "le", "du")),
    AssetNames(symbol="trx", words=("trx",), exact=("Tron", "TRON"), not_before=("legacy", "ares")),
)
