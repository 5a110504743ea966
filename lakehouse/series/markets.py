"""Markets, and the choice of the one whose price counts for a symbol."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


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
SYMBOL_MARKETS: Mapping[str, tuple[Market, ...]] = {}
"""Markets that go before the preferred ones, for single symbols."""


def primary_market(
    symbol: str, seen: Iterable[Market], *, overrides: Mapping[str, tuple[Market, ...]] = SYMBOL_MARKETS
) -> Market | None:
    """Return the first market in the order of preference that has a price of the symbol; None where none has.

    Deterministic: markets that no preference names come last, by name.

    >>> primary_market("btc", [Market("kraken", "eur"), Market("coinbase", "usd")])
    Market(venue='coinbase', quote='usd')
    """
    order = (*overrides.get(symbol, ()), *PREFERRED_MARKETS)
    ranks = {market: rank for rank, market in reversed(list(enumerate(order)))}
    return min(seen, key=lambda market: (ranks.get(market, len(order)), market), default=None)
