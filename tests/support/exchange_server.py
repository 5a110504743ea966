"""A scripted exchange: the public API of Kraken for one market, with the trades that a test gives."""

import json
from collections.abc import Callable, Sequence

from tests.support.scripted_server import Answer, Asked, ScriptedServer

AssetTrade = tuple[int, float, str]  # number, epoch seconds, price
PAIR = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "base": "XXBT",
    "quote": "ZUSD",
    "pair_decimals": 2,
    "lot_decimals": 8,
    "status": "online",
}
TRADES = "/0/public/Trades"


def serve_market(server: ScriptedServer) -> None:
    server.answer("/0/public/AssetPairs", Answer(body=answer_of({"XXBTZUSD": PAIR})))


def answer_of(result: object) -> bytes:
    return json.dumps({"error": [], "result": result}).encode()


def trades_since(trades: Sequence[AssetTrade], *, page: int = 1_000) -> Callable[[Asked], Answer]:
    """Return a reply to a question: the first trades since the instant (nanoseconds) that it names, else the newest."""

    def reply(asked: Asked) -> Answer:
        since = float(asked.parameters.get("since", 0)) / 1e9
        rows = [
            [price, "0.5", at_seconds, "b", "l", "", number]
            for number, at_seconds, price in trades
            if at_seconds >= since
        ]
        selected = rows[:page] if since else rows[-page:]
        return Answer(body=answer_of({"XXBTZUSD": selected, "last": "0"}))

    return reply
