"""What texts call the assets. Data: add an asset, or a way of writing one, here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetNames:
    """How one asset is written.

    ``words`` mean it in any case. ``exact`` mean it as written only: ordinary words in any other case. Neither counts
    after a word of ``not_after`` or before one of ``not_before``, which are lower case.
    """

    symbol: str
    words: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()


ASSETS = (
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
    AssetNames(
        symbol="near",
        words=("near protocol",),
        exact=("NEAR",),
    ),
    AssetNames(symbol="ltc", words=("litecoin", "litecoins", "ltc")),
    AssetNames(symbol="atom", words=("cosmos hub",), exact=("ATOM", "Cosmos"), not_after=("the", "le", "du")),
    AssetNames(symbol="trx", words=("trx",), exact=("Tron", "TRON"), not_before=("legacy", "ares")),
)
