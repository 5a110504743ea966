"""Ways in which exchanges page their trades, read from ccxt's classes and their documentation.

An exchange that is not listed gets `UNKNOWN`, which trusts nothing: a page counts as a continuation only where it
holds a trade that is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from streaming.collect.exchanges.trade import Question

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Way in which one exchange pages.

    ``page_trades``: trades that one answer holds at most. ``window_ms``: an answer by time covers at most this much.
    ``grain_ms``: instants of questions are rounded to it. ``takes_until``: a question may name its end.
    ``newest_only``: the instant of a question is ignored. ``ids``: a question may name its first id, or the range of
    ids; they are consecutive. ``honours_since``: an answer by time begins at its instant.
    """

    page_trades: int = 1_000
    window_ms: int | None = None
    grain_ms: int = 1
    takes_until: bool = False
    newest_only: bool = False
    honours_since: bool = True
    ids: Literal["from", "between"] | None = None
    since_in_ns: bool = False

    @property
    def is_complete(self) -> bool:
        """An answer that is not full holds everything since its instant."""
        return self.honours_since and self.window_ms is None and not self.takes_until


UNKNOWN = Paging(honours_since=False)
_BINANCE = Paging(window_ms=_HOUR_MS, takes_until=True, ids="from")
_OKX = Paging(page_trades=100, newest_only=True, honours_since=False, ids="between")
_NEWEST = Paging(newest_only=True, honours_since=False)
PAGING: Mapping[str, Paging] = {
    "binance": _BINANCE,
    "binanceus": _BINANCE,
    "bitfinex": Paging(),
    "bitstamp": _NEWEST,  # the last hour, all of it
    "bybit": Paging(page_trades=60, newest_only=True, honours_since=False),
    "coinbase": Paging(window_ms=_DAY_MS, takes_until=True, grain_ms=1_000),
    "gate": _NEWEST,  # ccxt sends the instant for contracts only
    "htx": Paging(page_trades=2_000, newest_only=True, honours_since=False),
    "kraken": Paging(since_in_ns=True),
    "kucoin": Paging(page_trades=100, newest_only=True, honours_since=False),
    "mexc": Paging(window_ms=_HOUR_MS, takes_until=True),
    "okx": _OKX,
    "okxus": _OKX,
}
"""{ccxt's name of an exchange: how it pages}"""


def paging_of(exchange: str) -> Paging:
    """Return how an exchange pages."""
    return PAGING.get(exchange, UNKNOWN)


def to_arguments(paging: Paging, question: Question) -> tuple[int | None, dict[str, Any]]:
    """Return a question as ccxt's ``since`` and ``params``."""
    if question.kind == "newest":
        return None, {}
    if question.kind == "id":
        if paging.ids == "from":
            return None, {"fromId": str(question.first_id)}
        after = question.first_id + paging.page_trades  # both ends are exclusive
        before = question.first_id - 1
        return None, {
            "method": "publicGetMarketHistoryTrades",
            "type": "1",
            "before": str(before),
            "after": str(after),
        }
    if paging.since_in_ns:  # ccxt rounds to seconds, which one busy second does not survive
        return question.since_ms, {"since": str(question.since_ms * 1_000_000)}
    return question.since_ms, {} if question.until_ms is None else {"until": question.until_ms}
