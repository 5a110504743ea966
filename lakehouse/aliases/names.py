"""Names of assets and of entities (companies, sectors, people, regulators) in texts."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import AliasError
from lakehouse.messages.contract import SYMBOL_PATTERN

KINDS: Mapping[str, str] = {
    "words": "mean it in any case",
    "exact": "mean it as written only",
    "in_context": "mean it as written only, in a text that speaks of crypto by another word",
    "not_after": "what follows them does not mean it; lower case",
    "not_before": "what precedes them does not mean it; lower case",
}
MAX_WORDS = 50
WORD_MAX_CHARACTERS = 60
MAX_ASSETS = 10_000
MARKET = "market"
"""Symbol of the crypto market as a whole. It has no ticker, no pairs and no prices."""
_CONTEXT_KINDS = ("not_after", "not_before")
_REFUSED = re.compile(r"[\0*\ud800-\udfff]")
_FINGERPRINT_CHARACTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetNames:
    """Spellings of one asset.

    ``words`` mean it in any case. ``exact`` mean it as written only: ordinary words in any other case. ``in_context``
    do so only in a text that speaks of crypto by another word. Before a word of ``not_before`` none counts, after one
    of ``not_after`` neither of the latter two; both are lower case. ``$symbol`` always counts.
    """

    symbol: str
    words: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    in_context: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()

    @staticmethod
    def parse(symbol: str, kinds: Any) -> "AssetNames":
        """Return the names of {kind: [words]}. Runs of spaces become one, ``words`` lower case.

        Raises AliasError.

        >>> AssetNames.parse("zed", {"words": [" Zed  Coin"]}).words
        ('zed coin',)
        """
        return AssetNames(symbol=symbol, **_parse_kinds(symbol, kinds))

    def to_kinds(self) -> dict[str, list[str]]:
        """Return {kind: words} of the kinds that have any."""
        return _to_kinds(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols that a mention is attributed to."""
        return (self.symbol,)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityNames:
    """Spellings of an entity, of the same kinds, and the asset that is its own, such as bnb of Binance; None: none."""

    name: str
    asset: str | None = None
    words: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    in_context: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()

    @staticmethod
    def parse(name: str, asset: str | None, kinds: Any) -> "EntityNames":
        """Return the names of {kind: [words]}, as `AssetNames.parse`. Raises AliasError."""
        if asset is not None:
            _check_symbol(asset)
        return EntityNames(name=name, asset=asset, **_parse_kinds(name, kinds))

    def to_kinds(self) -> dict[str, list[str]]:
        """Return {kind: words} of the kinds that have any."""
        return _to_kinds(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols that a mention is attributed to: the entity's own asset, and the market."""
        return tuple(dict.fromkeys((self.asset or MARKET, MARKET)))


Names = AssetNames | EntityNames


def _check_symbol(symbol: str) -> None:
    if re.fullmatch(SYMBOL_PATTERN, symbol, re.ASCII) is None:
        raise AliasError(f"a symbol is 1 to 20 of a-z and 0-9, not {symbol[:30]!r}")


def _parse_kinds(name: str, kinds: Any) -> dict[str, tuple[str, ...]]:
    _check_symbol(name)
    try:
        check_kinds(kinds)
    except AliasError as error:
        raise AliasError(f"{name}: {error}") from error
    written = {
        kind: tuple(dict.fromkeys(" ".join(word.split()) for word in words)) for kind, words in kinds.items()
    }
    if "words" in written:
        written["words"] = tuple(dict.fromkeys(word.lower() for word in written["words"]))
    return written


def _to_kinds(names: Names) -> dict[str, list[str]]:
    return {kind: list(words) for kind in KINDS if (words := getattr(names, kind))}


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


def fingerprint_of(assets: Iterable[AssetNames], entities: Iterable[EntityNames] = ()) -> str:
    """Return a hash of the searched names, whatever the order of assets, entities and words.

    >>> one, other = AssetNames(symbol="btc"), AssetNames(symbol="zed", words=("zed",))
    >>> fingerprint_of((one, other)) == fingerprint_of((other, one)), len(fingerprint_of(()))
    (True, 8)
    """
    names: dict[str, Any] = {asset.symbol: _sorted_kinds(asset) for asset in assets}
    for entity in entities:
        names[f"entity {entity.name}"] = [entity.asset, _sorted_kinds(entity)]
    canonical = json.dumps(names, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


def _sorted_kinds(names: Names) -> dict[str, list[str]]:
    return {kind: sorted(words) for kind, words in names.to_kinds().items()}


def shared_words(names: Iterable[Names]) -> dict[str, tuple[str, ...]]:
    """Return {word: claimants} of words that several claim; `claim_order` says whose they are."""
    claimed: dict[str, set[str]] = {}
    for each in names:
        for word in (*each.words, *each.exact, *each.in_context):
            claimed.setdefault(word, set()).add(_claimant(each))
    return {word: tuple(sorted(names)) for word, names in claimed.items() if len(names) > 1}


def claim_order(names: Iterable[Names]) -> list[Names]:
    """Return names in the order in which they claim words: assets before entities, then by the alphabet."""
    return sorted(names, key=lambda each: (isinstance(each, EntityNames), _claimant(each)))


def _claimant(names: Names) -> str:
    return names.symbol if isinstance(names, AssetNames) else names.name
