"""Generated market: its assets, and the venues where they are traded."""

from dataclasses import dataclass

MINUTES_A_DAY = 1_440
PRIMARY_VENUE = "simx"


@dataclass(frozen=True, slots=True)
class Asset:
    """A traded asset; ``correlation`` is the share of its moves that it has in common with the market.

    ``daily_volatility`` is that of a day without jumps and bursts of news. Prices have at most ``price_digits`` behind
    the point; trades are in whole ticks, of one unit of the digit ``tick_digits``.
    """

    symbol: str
    name: str
    usual_price_usd: float
    daily_volatility: float
    correlation: float
    price_digits: int
    tick_digits: int
    usual_trade_usd: float = 900.0


@dataclass(frozen=True, slots=True)
class Market:
    """A venue where an asset is traded. ``basis_bps`` is the average difference of its prices, in basis points."""

    symbol: str
    venue: str
    quote: str
    basis_bps: float = 0.0
    share: float = 1.0


ASSETS = {
    asset.symbol: asset
    for asset in (
        # symbol, name, usual price in USD, daily volatility, correlation, digits of a price and of a tick
        Asset("btc", "Bitcoin", 91_500, 0.022, 0.93, 2, 1),
        Asset("eth", "Ethereum", 3_240, 0.029, 0.86, 2, 2),
        Asset("sol", "Solana", 158, 0.038, 0.78, 3, 2),
        Asset("xrp", "XRP", 2.31, 0.034, 0.66, 5, 4),
        Asset("ada", "Cardano", 0.612, 0.037, 0.72, 5, 4),
        Asset("doge", "Dogecoin", 0.174, 0.045, 0.61, 6, 5),
        Asset("dot", "Polkadot", 4.45, 0.036, 0.74, 4, 3),
        # A coarse tick: seven basis points, which most minutes do not move.
        Asset("link", "Chainlink", 15.2, 0.037, 0.73, 4, 2),
    )
}
MARKETS = (
    *(Market(symbol, PRIMARY_VENUE, "usd") for symbol in ASSETS),
    *(Market(symbol, "altx", "usdt", basis_bps=4.0, share=0.5) for symbol in ("btc", "eth", "sol", "xrp")),
)
