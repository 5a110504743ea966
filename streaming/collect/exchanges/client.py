"""Client of an exchange's public trades through ccxt: no key, every trade parsed on its own."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import ccxt

from lakehouse.process.suggestions import did_you_mean
from streaming.collect.errors import FetchError, PlaybackEndedError, QuestionRefusedError
from streaming.collect.exchanges.paging import paging_of, to_arguments
from streaming.collect.exchanges.trade import Page, Question, Trade, in_order
from streaming.collect.exchanges.transport import to_session
from streaming.collect.network.exchange import Exchange, Network
from streaming.collect.network.http_rules import USER_AGENT, retry_after_seconds, sent_time_us
from streaming.collect.source import ExchangeSource

MAX_RAW_CHARACTERS = 2_000
MAX_ANSWER_TRADES = 50_000
MAX_AGE_DIGITS = 6  # of seconds: an answer that was kept for longer is none of trades
_REFUSALS = (ccxt.ArgumentsRequired, ccxt.BadRequest, ccxt.NotSupported)


class ExchangeClient:
    """Client of one exchange. Requests are spaced by ccxt's default, or by the source's ``request_ms``."""

    def __init__(self, source: ExchangeSource, *, exchange: Exchange | None = None) -> None:
        """Prepare the client of an exchange that ccxt knows."""
        options: dict[str, Any] = {
            "enableRateLimit": source.request_ms != 0,
            "timeout": round(source.timeout_seconds * 1000),
            "userAgent": USER_AGENT,
            "options": {"fetchMarkets": {"types": ["spot"]}},
        }
        if source.request_ms:
            options["rateLimit"] = source.request_ms
        self.paging = paging_of(source.exchange)
        self._by_number = source.consecutive_ids or self.paging.ids is not None
        self._client = getattr(ccxt, source.exchange)(options)
        self._client.parse_json = self._parse_json
        self._is_json = True
        self._client.has["fetchCurrencies"] = False
        if source.url is not None:
            self._client.urls["api"] = _with_address(self._client.urls["api"], source.url)
        self._client.session = to_session(exchange or Network(), private=source.private)

    def fetch_page(self, symbol: str, question: Question, *, now_us: int) -> Page:
        """Return the answer to a question, at most a page of trades.

        Raises: FetchError, whatever the answer makes ccxt raise; QuestionRefusedError where it is called invalid.
        """
        try:
            raw, parsed = self._fetch(symbol, question)
            trades = [self._read_one(trade, market, symbol) for trade, market in raw]
            trades += [self._to_trade(trade, trade.get("info", trade), symbol) for trade in parsed]
            unreadable = [
                _raw_text(trade) for (trade, _), read in zip(raw, trades, strict=False) if read is None
            ]
            headers: Mapping[str, str] = self._client.last_response_headers or {}
            return Page(
                trades=in_order([trade for trade in trades if trade is not None], by_number=self._by_number),
                is_full=len(trades) >= self.paging.page_trades,
                unreadable=tuple(unreadable),
                exchange_ms=_exchange_ms(headers),
            )
        except (FetchError, PlaybackEndedError):
            raise
        except (
            Exception
        ) as error:  # ccxt lets through what a strange answer makes it raise, also RecursionError
            raise self._to_fetch_error(error, symbol, now_us=now_us) from error

    def check_symbol(self, symbol: str) -> None:
        """Look a symbol up in the exchange's list of markets. Raises: FetchError where it has no such market."""
        try:
            self._client.load_markets()
        except Exception as error:
            raise FetchError(f"{type(error).__name__}: {str(error)[:200]}") from error
        if symbol not in self._client.markets:
            raise FetchError(f"{self._client.id} has no market {symbol}{self._nearest(symbol)}")

    def _fetch(self, symbol: str, question: Question) -> tuple[list[tuple[Any, Any]], Sequence[Any]]:
        """Return raw trades with their market; of a class that parses them itself, the parsed ones."""
        raw: list[tuple[Any, Any]] = []
        is_raw = False

        def collect_raw(trades: Any, market: Any = None, *_: Any) -> list[Any]:
            nonlocal is_raw
            is_raw = True
            rows = self._client.to_array(trades)
            if len(rows) > MAX_ANSWER_TRADES:
                raise FetchError(f"the answer has {len(rows)} trades; {MAX_ANSWER_TRADES} are accepted")
            raw.extend((trade, market) for trade in rows)
            return []

        def keep_all(trades: Sequence[Any], *_: Any) -> Sequence[Any]:
            return trades

        self._client.last_response_headers = None
        self._client.parse_trades = collect_raw
        self._client.filter_by_symbol_since_limit = keep_all
        since_ms, parameters = to_arguments(self.paging, question)
        parsed = self._client.fetch_trades(symbol, since_ms, self.paging.page_trades, parameters)
        if not self._is_json:
            raise FetchError("the answer is no JSON")
        return raw, [] if is_raw else parsed

    def _parse_json(self, text: str) -> Any:
        """Parse an answer for ccxt, to which one that is no JSON is an empty one; None, as it expects, for that."""
        try:
            parsed = json.loads(text, parse_int=_to_int)
        except (ValueError, RecursionError):
            parsed = None
        self._is_json = parsed is not None
        return parsed

    def _read_one(self, raw: Any, market: Any, symbol: str) -> Trade | None:
        """Parse one trade on its own, so that one that ccxt cannot parse does not discard the others."""
        without_price = [None, None, *raw[2:]] if isinstance(raw, list) else None
        for given in (raw, without_price):  # ccxt multiplies prices that are no numbers
            try:
                return self._to_trade(self._client.parse_trade(given, market), raw, symbol)
            except Exception:  # noqa: BLE001  one trade's content is that trade's problem
                continue
        return None

    def _to_trade(self, parsed: Mapping[str, Any], raw: Any, symbol: str) -> Trade | None:
        """Return a trade of the market; None without a readable time, or where it names another market."""
        time_ms = parsed.get("timestamp")
        if parsed.get("symbol") not in (None, symbol):
            return None
        if not isinstance(time_ms, int | float) or not math.isfinite(time_ms):
            return None
        price, amount = _number(parsed.get("price")), _number(parsed.get("amount"))
        given_id = parsed.get("id")
        trade_id = given_id or f"{int(time_ms)}-{parsed.get('side')}-{amount}-{price}"
        return Trade(
            str(trade_id).encode("utf-8", "replace").decode(),  # a lone surrogate could not be stored
            int(time_ms),
            price if price is not None and price > 0 else None,
            amount if amount is not None and amount >= 0 else None,
            _raw_text(raw),
            is_nameless=not given_id,
        )

    def _to_fetch_error(self, error: Exception, symbol: str, *, now_us: int) -> FetchError:
        cause = f": {str(error.__cause__)[:200]}" if error.__cause__ else ""
        problem = f"{type(error).__name__}: {str(error)[:200]}{cause}"
        if isinstance(error, ccxt.BadSymbol):
            hint = self._nearest(symbol)
            self._client.markets = None  # the list is loaded again: a market may be listed later
            return FetchError(f"{problem}{hint}")
        if isinstance(error, _REFUSALS):
            return QuestionRefusedError(problem)
        headers: Mapping[str, str] = self._client.last_response_headers or {}
        is_busy = isinstance(error, ccxt.NetworkError)
        wait_seconds = retry_after_seconds(headers, now_us=now_us) if is_busy else None
        return FetchError(problem, retry_after_seconds=wait_seconds)

    def _nearest(self, symbol: str) -> str:
        """Return a hint of the exchange's symbols that are close to one, for an error."""
        return did_you_mean(symbol, self._client.markets or (), n_most=3)


def _with_address(urls: Any, address: str) -> Any:
    """Return ccxt's addresses of an API, by kind and nested or not, all replaced by one."""
    if isinstance(urls, dict):
        return {name: _with_address(value, address) for name, value in urls.items()}
    return address


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _raw_text(raw: Any) -> str:
    try:
        return json.dumps(raw)[:MAX_RAW_CHARACTERS]
    except (TypeError, ValueError, RecursionError):
        return repr(type(raw))


def _exchange_ms(headers: Mapping[str, str]) -> int | None:
    """Return the exchange's own time from its Date header and the age of a cached answer; None without one.

    Source: RFC 9110, 6.6.1; RFC 9111, 5.1.
    """
    sent_us, age = sent_time_us(headers), headers.get("Age", "").strip()
    if sent_us is None:
        return None
    is_age = age.isascii() and age.isdigit() and len(age) <= MAX_AGE_DIGITS
    return sent_us // 1_000 + (1_000 * int(age) if is_age else 0)


def _to_int(digits: str) -> int | str:
    """Return a JSON integer; one with more digits than Python converts is left as text, for its trade alone."""
    return int(digits) if len(digits) < MAX_RAW_CHARACTERS else digits
