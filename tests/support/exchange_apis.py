"""Scripted replies of exchanges' public APIs, with the limits that they document."""

import json
from collections.abc import Callable, Sequence

from lakehouse.time_range import format_us
from tests.support.scripted_server import Answer, Asked

HOUR_MS = 3_600_000
Rows = Sequence[tuple[int, int]]  # id, epoch milliseconds

BINANCE_MARKET = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "baseAssetPrecision": 8,
    "quotePrecision": 8,
    "isSpotTradingAllowed": True,
    "permissions": ["SPOT"],
    "filters": [],
    "orderTypes": [],
}
OKX_MARKET = {
    "instId": "BTC-USDT",
    "instType": "SPOT",
    "baseCcy": "BTC",
    "quoteCcy": "USDT",
    "state": "live",
    "tickSz": "0.1",
    "lotSz": "0.00000001",
    "minSz": "0.00001",
}
COINBASE_MARKET = {
    "product_id": "BTC-USDT",
    "base_currency_id": "BTC",
    "quote_currency_id": "USDT",
    "product_type": "SPOT",
    "base_increment": "0.00000001",
    "quote_increment": "0.01",
    "price_increment": "0.01",
}
BYBIT_MARKET = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "status": "Trading",
    "lotSizeFilter": {},
    "priceFilter": {},
}


def body(document: object) -> Answer:
    return Answer(body=json.dumps(document).encode())


def binance_trades(rows: Rows) -> Callable[[Asked], Answer]:
    """Reply as Binance: from an id, or in a window of at most an hour, the first ones; both are an error."""

    def reply(asked: Asked) -> Answer:
        given = asked.parameters
        limit = int(given.get("limit", 500))
        found = list(rows)
        if "fromId" in given:
            if "startTime" in given or "endTime" in given:
                return Answer(status=400, body=b'{"code":-1128,"msg":"Combination of parameters invalid."}')
            found = [row for row in rows if row[0] >= int(given["fromId"])][:limit]
        elif "startTime" in given:
            since, until = int(given["startTime"]), int(given["endTime"])
            if until - since > HOUR_MS:
                return Answer(status=400, body=b'{"code":-1127,"msg":"More than 1 hours between times."}')
            found = [row for row in rows if since <= row[1] <= until][:limit]
        else:
            found = found[-limit:]
        return body([{"a": at, "p": "100.5", "q": "2", "T": time_ms, "m": True} for at, time_ms in found])

    return reply


def okx_trades(rows: Rows, *, limit: int) -> Callable[[Asked], Answer]:
    """Reply as OKX: the newest ones, of those between two ids where they are given."""

    def reply(asked: Asked) -> Answer:
        before, after = (
            int(asked.parameters.get(name, end)) for name, end in (("before", -1), ("after", 10**12))
        )
        found = [row for row in rows if before < row[0] < after][-limit:]
        return body(
            {
                "code": "0",
                "data": [
                    {
                        "instId": "BTC-USDT",
                        "tradeId": str(at),
                        "px": "100.5",
                        "sz": "2",
                        "side": "buy",
                        "ts": str(ms),
                    }
                    for at, ms in reversed(found)
                ],
            }
        )

    return reply


def coinbase_trades(rows: Rows) -> Callable[[Asked], Answer]:
    """Reply as Coinbase: the last ones of a window of whole seconds, the newest first."""

    def reply(asked: Asked) -> Answer:
        start, end = (
            int(asked.parameters.get(name, bound)) for name, bound in (("start", 0), ("end", 10**12))
        )
        found = [row for row in rows if start * 1_000 <= row[1] <= end * 1_000]
        newest = found[-int(asked.parameters["limit"]) :][::-1]
        return body(
            {
                "trades": [
                    {
                        "trade_id": str(number),
                        "product_id": "BTC-USDT",
                        "price": "100.5",
                        "size": "2",
                        "time": format_us(time_ms * 1_000),
                        "side": "BUY",
                    }
                    for number, time_ms in newest
                ]
            }
        )

    return reply
