"""Client of an exchange's public trades through ccxt: no key, every trade parsed on its own."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ccxt
from requests.adapters import HTTPAdapter

from streaming.collect.errors import FetchError
from streaming.collect.exchanges.transport import BoundedAdapter
from streaming.collect.http_rules import USER_AGENT, retry_after_seconds
from streaming.collect.source import ExchangeSource

PAGE_TRADES = 1_000


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade. ``price`` is None where the exchange gave no valid one; ``raw_text`` is the beginning of its JSON."""

    id: str
    time_ms: int
    price: float | None
    amount: float | None
    raw_text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Trades in the order of time; ``is_full`` where the exchange may have more after them."""

    trades: tuple[Trade, ...]
    is_full: bool
    n_unreadable: int


class ExchangeClient:
    """Client of one exchange. Requests are spaced by ccxt's default, or by the source's ``request_ms``."""

    def __init__(self, source: ExchangeSource, *, adapter: HTTPAdapter | None = None) -> None:
        """Prepare the client. Raises: FetchError where ccxt knows no such exchange."""
        if source.exchange not in ccxt.exchanges:
            raise FetchError(f"ccxt knows no exchange {source.exchange!r}")
        options: dict[str, Any] = {
            "enableRateLimit": source.request_ms != 0,
            "timeout": round(source.timeout_seconds * 1000),
            "userAgent": USER_AGENT,
            "options": {"fetchMarkets": {"types": ["spot"]}},
        }
        if source.request_ms:
            options["rateLimit"] = source.request_ms
        self._client = getattr(ccxt, source.exchange)(options)
        self._client.has["fetchCurrencies"] = False
        if source.url is not None:
            self._client.urls["api"] = _with_address(self._client.urls["api"], source.url)
        for scheme in ("http://", "https://"):
            self._client.session.mount(scheme, adapter or BoundedAdapter())

    def fetch_page(self, symbol: str, *, since_ms: int, now_us: int) -> Page:
        """Return trades from ``since_ms`` on, at most a page of them. Raises: FetchError."""
        raw: list[Trade | None] = []

        def read_each(trades: Sequence[Any], market: Any, *_: Any) -> list[Any]:
            raw.extend(self._read_one(trade, market) for trade in trades)
            return []

        self._client.parse_trades = read_each
        try:
            self._client.fetch_trades(symbol, since_ms, PAGE_TRADES)
        except (ccxt.BaseError, ValueError, TypeError, LookupError, AttributeError) as error:
            headers: Mapping[str, str] = self._client.last_response_headers or {}
            is_refused = isinstance(error, ccxt.NetworkError)
            wait_seconds = retry_after_seconds(headers, now_us=now_us) if is_refused else None
            raise FetchError(
                f"{type(error).__name__}: {str(error)[:200]}", retry_after_seconds=wait_seconds
            ) from error
        trades = sorted(
            (trade for trade in raw if trade is not None), key=lambda t: (t.time_ms, len(t.id), t.id)
        )
        return Page(
            trades=tuple(trade for trade in trades if trade.time_ms >= since_ms),
            is_full=len(raw) >= PAGE_TRADES,
            n_unreadable=raw.count(None),
        )

    def _read_one(self, raw: Any, market: Any) -> Trade | None:
        """Parse one trade on its own, so that one that ccxt cannot parse does not discard the others."""
        raw_text = json.dumps(raw)[:200]
        try:
            parsed = self._client.parse_trade(raw, market)
        except (ValueError, ArithmeticError, TypeError):  # ccxt multiplies prices that are no numbers
            parsed = self._client.parse_trade([None, None, *raw[2:]], market) if isinstance(raw, list) else {}
        time_ms = parsed.get("timestamp")
        if time_ms is None:
            return None
        price, amount = _number(parsed.get("price")), _number(parsed.get("amount"))
        trade_id = parsed.get("id") or f"{time_ms}-{parsed.get('side')}-{amount}-{price}"
        is_price = price is not None and price > 0
        return Trade(str(trade_id), int(time_ms), price if is_price else None, _amount(amount), raw_text)


def _with_address(urls: Any, address: str) -> Any:
    """Return ccxt's addresses of an API, by kind and nested or not, all replaced by one."""
    if isinstance(urls, dict):
        return {name: _with_address(value, address) for name, value in urls.items()}
    return address


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _amount(amount: float | None) -> float | None:
    return amount if amount is not None and amount >= 0 else None
