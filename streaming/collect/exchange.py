"""An exchange's public trades through ccxt: no key, every trade read on its own, raw answers recorded."""

import io
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import responses
from typing import Any

import ccxt
import requests
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from streaming.collect.errors import FetchError
from streaming.collect.fetch import USER_AGENT, retry_after_seconds
from streaming.collect.recording import Recorder, Replay
from streaming.collect.source import ExchangeSource

logger = logging.getLogger(__name__)

PAGE_TRADES = 1_000
MAX_ANSWER_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade. ``price`` is None where the exchange gave none that a price can be."""

    id: str
    time_ms: int
    price: float | None
    amount: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class Page:
    """Trades in the order of time; full where the exchange may have more after them."""

    trades: tuple[Trade, ...]
    is_full: bool
    n_unreadable: int


class ExchangeClient:
    """One exchange. Its requests are spaced as ccxt says, or as the source does."""

    def __init__(self, source: ExchangeSource, *, adapter: HTTPAdapter | None = None) -> None:
        """Raises FetchError where ccxt knows no such exchange."""
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
        """Trades from ``since_ms`` on, at most a page of them. Raises FetchError."""
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
            wish = retry_after_seconds(headers, now_us=now_us) if is_refused else None
            raise FetchError(
                f"{type(error).__name__}: {str(error)[:200]}", retry_after_seconds=wish
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
        """One trade on its own, so that one that ccxt cannot read does not take the others with it."""
        shown = json.dumps(raw)[:200]
        try:
            parsed = self._client.parse_trade(raw, market)
        except (ValueError, ArithmeticError, TypeError):  # ccxt multiplies prices that are no numbers
            parsed = self._client.parse_trade(_without_price(raw), market) if isinstance(raw, list) else {}
        time_ms = parsed.get("timestamp")
        if time_ms is None:
            return None
        price, amount = _number(parsed.get("price")), _number(parsed.get("amount"))
        trade_id = parsed.get("id") or f"{time_ms}-{parsed.get('side')}-{amount}-{price}"
        is_price = price is not None and price > 0
        return Trade(str(trade_id), int(time_ms), price if is_price else None, _amount(amount), shown)


class BoundedAdapter(HTTPAdapter):
    """Passes a request on; of an answer longer than MAX_ANSWER_BYTES no more is read, and it counts as none.

    With a recorder every answer is recorded, body still packed.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        super().__init__()
        self._recorder = recorder

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        method, url = str(request.method), str(request.url)
        try:
            response = super().send(request, *args, **kwargs)
            body = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=False)
            if len(body) > MAX_ANSWER_BYTES:
                response.close()
                raise requests.ConnectionError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        except (requests.RequestException, OSError) as error:
            if self._recorder is not None:
                self._recorder.add_error(method=method, url=url, error=f"{type(error).__name__}: {error}")
            raise
        headers = list(response.headers.items())
        if self._recorder is not None:
            self._recorder.add_answer(
                method=method, url=url, status=response.status_code, headers=headers, body=body
            )
        return self.build_response(request, _to_raw(response.status_code, headers, body))


class ReplayAdapter(HTTPAdapter):
    """Answers from a recording. Raises ReplayEndedError where it has no answer left."""

    def __init__(self, replay: Replay) -> None:
        super().__init__()
        self._replay = replay

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer, body = self._replay.next_answer(method=str(request.method), url=str(request.url))
        if answer.error is not None:
            raise requests.ConnectionError(answer.error, request=request)
        return self.build_response(request, _to_raw(answer.status, answer.headers, body))


def _to_raw(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=dict(headers),
        status=status,
        reason=responses.get(status, ""),
        preload_content=False,
        decode_content=False,
    )


def _with_address(urls: Any, address: str) -> Any:
    """ccxt's addresses of an API, by kind and nested or not, all replaced by one."""
    if isinstance(urls, dict):
        return {name: _with_address(value, address) for name, value in urls.items()}
    return address


def _without_price(raw: list[Any]) -> list[Any]:
    return [None, None, *raw[2:]]


def _number(found: Any) -> float | None:
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None


def _amount(amount: float | None) -> float | None:
    return amount if amount is not None and amount >= 0 else None
