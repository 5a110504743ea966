"""Markets, the order of preference among them, and what an operator says about a symbol."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ALWAYS_US = 2**62
"""The end of what has no end."""


@dataclass(frozen=True, slots=True, order=True)
class Market:
    """An exchange and the currency that a symbol trades against there."""

    venue: str
    quote: str


PREFERRED_MARKETS = (
    Market("binance", "usdt"),
    Market("coinbase", "usd"),
    Market("kraken", "usd"),
    Market("kraken", "eur"),
    Market("simx", "usd"),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """Meaning of a symbol during [``start_us``, ``end_us``), both whole hours.

    Only markets of ``venues`` trade it; an empty tuple stands for all. ``name`` is the operator's.
    """

    start_us: int = 0
    end_us: int = ALWAYS_US
    name: str | None = None
    venues: tuple[str, ...] = ()

    def has(self, market: Market) -> bool:
        """Return whether a market trades it."""
        return not self.venues or market.venue in self.venues


THE_ASSET = Asset()


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """The markets of one symbol from the most preferred on, and what it stood for, in ascending time."""

    preferred: tuple[Market, ...] = PREFERRED_MARKETS
    assets: tuple[Asset, ...] = (THE_ASSET,)

    def rank(self, market: Market) -> tuple[int, Market]:
        """Return the sort key of a market: markets that no preference names come last, by name.

        >>> SymbolRules().rank(Market("coinbase", "usd")) < SymbolRules().rank(Market("altx", "usd"))
        True
        """
        is_named = market in self.preferred
        return self.preferred.index(market) if is_named else len(self.preferred), market

    def asset_at(self, instant_us: int) -> Asset:
        """Return what the symbol stands for at an instant."""
        return next(asset for asset in reversed(self.assets) if asset.start_us <= instant_us)


@dataclass(frozen=True, slots=True)
class MarketRules:
    """The rules of every symbol; a symbol that an operator says nothing about has ``default``."""

    default: SymbolRules = SymbolRules()
    symbols: Mapping[str, SymbolRules] = field(default_factory=dict)

    def of(self, symbol: str) -> SymbolRules:
        """Return the rules of a symbol."""
        return self.symbols.get(symbol, self.default)


DEFAULT_RULES = MarketRules()
