"""Public REST API of the offline exchange: the answers of Kraken's that its ccxt class uses.

Source: https://docs.kraken.com/api-reference/market-data (AssetPairs, Trades, Time).
"""

from collections.abc import Callable, Mapping
from typing import Any

from lakehouse.time_range import DAY_US, MINUTE_US, SECOND_US
from streaming.feed.market import ASSETS
from streaming.offline.trades import TradeBook, Trades

MAX_TRADES = 1_000
AMOUNT_DIGITS = 8
_LATEST_SECONDS = 10**11  # a larger `since` is in nanoseconds
_OLD_CODES = {"btc": "XXBT", "eth": "XETH", "xrp": "XXRP", "doge": "XXDG"}
_OLD_NAMES = {"btc": "XBT", "doge": "XDG"}

Parameters = Mapping[str, str]


class ExchangeApi:
    """Answers by method. Trades older than ``days`` or of before ``first_us`` are not given."""

    def __init__(self, book: TradeBook, *, days: float, first_us: int = 0) -> None:
        self._book = book
        self._days = days
        self._first_us = first_us
        self._pairs = {_pair_id(symbol): symbol for symbol in ASSETS}
        self._pairs |= {_alternative_name(symbol): symbol for symbol in ASSETS}
        self._answers: dict[str, Callable[[Parameters, int], Any]] = {
            "AssetPairs": self._asset_pairs,
            "Trades": self._trades,
            "Time": lambda _, now_us: {"unixtime": now_us // SECOND_US},
        }

    def answer(self, method: str, parameters: Parameters, *, now_us: int) -> dict[str, Any] | None:
        """Return the answer as a JSON document; None for an unknown method."""
        answer = self._answers.get(method)
        if answer is None:
            return None
        try:
            return {"error": [], "result": answer(parameters, now_us)}
        except (KeyError, ValueError):
            return {"error": ["EGeneral:Invalid arguments"]}

    def trades_given(self, symbol: str, from_us: int, until_us: int) -> Trades:
        """Return every trade that could be fetched at some instant of [from_us, until_us], in the order of time."""
        first_us = self._oldest_us(from_us)
        n_most = (
            until_us - first_us
        ) * self._book.a_minute // MINUTE_US + 2  # in parts of slots at both ends
        return self._book.between(symbol, from_us=first_us, until_us=until_us, limit=n_most)

    def _oldest_us(self, now_us: int) -> int:
        return max(now_us - round(self._days * DAY_US), self._first_us)

    def _asset_pairs(self, _: Parameters, now_us: int) -> dict[str, Any]:
        return {
            _pair_id(symbol): {
                "altname": _alternative_name(symbol),
                "wsname": f"{_OLD_NAMES.get(symbol, symbol.upper())}/USD",
                "base": _OLD_CODES.get(symbol, symbol.upper()),
                "quote": "ZUSD",
                "pair_decimals": asset.price_digits,
                "lot_decimals": AMOUNT_DIGITS,
                "fees": [],
                "fees_maker": [],
                "leverage_buy": [],
                "leverage_sell": [],
                "status": "online",
            }
            for symbol, asset in ASSETS.items()
        }

    def _trades(self, parameters: Parameters, now_us: int) -> dict[str, Any]:
        """Return trades from `since` on; without it the newest."""
        symbol = self._pairs[parameters["pair"]]
        limit = min(max(int(parameters.get("count", MAX_TRADES)), 1), MAX_TRADES)
        oldest_us = self._oldest_us(now_us)
        if "since" in parameters:
            from_us = max(_to_us(int(parameters["since"])), oldest_us)
            trades = self._book.between(symbol, from_us=from_us, until_us=now_us, limit=limit)
        else:
            trades = self._book.newest(symbol, from_us=oldest_us, until_us=now_us, limit=limit)
            from_us = now_us
        digits = ASSETS[symbol].price_digits
        columns = (trades.prices, trades.amounts, trades.times_us, trades.is_buy, trades.numbers)
        rows = [
            [
                f"{price:.{digits}f}",
                f"{amount:.{AMOUNT_DIGITS}f}",
                at_us / 1e6,
                "b" if buy else "s",
                "l",
                "",
                number,
            ]
            for price, amount, at_us, buy, number in zip(*(each.tolist() for each in columns), strict=True)
        ]
        last_us = int(trades.times_us[-1]) if rows else from_us
        return {_pair_id(symbol): rows, "last": str(last_us * 1_000)}


def _pair_id(symbol: str) -> str:
    code = _OLD_CODES.get(symbol)
    return f"{code}ZUSD" if code and symbol != "doge" else _alternative_name(symbol)


def _alternative_name(symbol: str) -> str:
    return f"{_OLD_NAMES.get(symbol, symbol.upper())}USD"


def _to_us(since: int) -> int:
    return since * SECOND_US if since < _LATEST_SECONDS else since // 1_000
