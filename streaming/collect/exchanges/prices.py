"""Price collector: publishes a market's trades since its position to raw-price, and records what was not delivered."""

import logging
import time

from lakehouse.messages.contract import EARLIEST_EVENT_TIME, RAW_PRICE
from lakehouse.time_range import format_us, to_us
from streaming.collect import metrics
from streaming.collect.context import Context
from streaming.collect.errors import FetchError
from streaming.collect.exchanges.client import ExchangeClient, Page, Trade
from streaming.collect.exchanges.market_state import MAX_GAPS, Gap, MarketState
from streaming.collect.http_rules import retry_wait_seconds
from streaming.collect.log_text import to_text
from streaming.collect.source import ExchangeSource
from streaming.kafka.messages import Message, to_value

Fields = dict[str, object]

logger = logging.getLogger(__name__)

OVERLAP_MS = 2_000
MAX_AHEAD_MS = 300_000
MAX_BACKOFF_SECONDS = 900.0
_DAY_MS = 86_400_000
_LIVE_SECONDS = 60.0
_EARLIEST_MS = to_us(EARLIEST_EVENT_TIME) // 1_000


class MarketCollector:
    """Collector of one market. Killed at any instant it loses nothing: it resumes from ``last_ms``, and ids repeat."""

    def __init__(
        self,
        source: ExchangeSource,
        symbol: str,
        *,
        client: ExchangeClient,
        context: Context,
        start_us: int,
    ) -> None:
        """Resume from the stored state, at first ``history_days`` before ``start_us``."""
        self._base, self._quote = (code.lower() for code in symbol.split("/"))
        self.name = f"{source.venue}-{self._base}-{self._quote}"
        metrics.register_source(self.name)
        self._symbol = symbol
        self._source = source
        self._client = client
        self._context = context
        self._state = context.store.read(self.name, MarketState)
        self._first_ms = start_us // 1_000 - round(source.history_days * _DAY_MS)
        self._is_behind = self._state.last_ms is None

    def first_wait_seconds(self) -> float | None:
        return 0.0

    def poll(self) -> float | None:
        """Fetch one page and publish what is new; return the seconds until the next time: 0 while behind."""
        start = time.monotonic()
        metrics.REQUESTS.labels(self.name).inc()
        self._check_if_behind()
        try:
            page = self._client.fetch_page(
                self._symbol, since_ms=self._since_ms(), now_us=self._context.clock.now_us()
            )
        except FetchError as error:
            fields, wait_seconds = self._handle_failure(error)
        else:
            fields, wait_seconds = self._publish_new(page)
        self._context.store.write(self.name, self._state)
        seconds = time.monotonic() - start
        logger.info(
            "prices market=%s %s seconds=%.3f next_seconds=%.1f",
            self.name,
            to_text(fields),
            seconds,
            wait_seconds,
            extra=fields,
        )
        return wait_seconds

    def _since_ms(self) -> int:
        """Return an instant before the last trade, since trades of one instant may come in two answers."""
        last_ms = self._state.last_ms
        return self._first_ms if last_ms is None else max(last_ms - OVERLAP_MS, 0)

    def _check_if_behind(self) -> None:
        behind_seconds = self._behind_seconds()
        if not self._is_behind and behind_seconds > self._source.gap_seconds:
            self._is_behind = True
            logger.warning(
                "prices market=%s gap: nothing since %s, %.0f s; fetching it",
                self.name,
                _format_ms(self._state.last_ms or 0),
                behind_seconds,
            )

    def _behind_seconds(self) -> float:
        """Return the age of the newest trade; 0 before the first."""
        last_ms = self._state.last_ms
        return 0.0 if last_ms is None else (self._context.clock.now_us() // 1_000 - last_ms) / 1_000

    def _handle_failure(self, error: FetchError) -> tuple[Fields, float]:
        metrics.ERRORS.labels(self.name).inc()
        self._state.n_failures += 1
        wait_seconds = retry_wait_seconds(
            error,
            n_failures=self._state.n_failures,
            poll_seconds=self._source.poll_seconds,
            max_backoff_seconds=MAX_BACKOFF_SECONDS,
        )
        return {"failed": self._state.n_failures, "problem": error.problem}, wait_seconds

    def _publish_new(self, page: Page) -> tuple[Fields, float]:
        state = self._state
        state.n_failures = 0
        new = [trade for trade in page.trades if trade.id not in state.recent_ids]
        n_new = sum(self._publish(trade) for trade in new)
        self._context.sink.flush()
        n_refused = page.n_unreadable + len(new) - n_new
        state.n_published += n_new
        state.n_refused += n_refused
        metrics.REFUSED.labels(self.name).inc(n_refused)
        metrics.count_answer(self.name, n_new=n_new, now_seconds=self._context.clock.now_us() / 1e6)
        first_ms = (state.last_ms or 0) - OVERLAP_MS
        state.recent_ids = {trade_id: ms for trade_id, ms in state.recent_ids.items() if ms >= first_ms}
        if page.is_full and not new:
            self._skip_crowded_second(page.trades[-1].time_ms if page.trades else self._since_ms())
        has_more = page.is_full or (bool(new) and self._behind_seconds() > _LIVE_SECONDS)
        last = _format_ms(state.last_ms or 0)
        if self._is_behind and not has_more:
            self._is_behind = False
            logger.info("prices market=%s caught up at %s", self.name, last)
        fields: Fields = {
            "trades": len(page.trades),
            "new": len(new),
            "refused": n_refused,
            "last": last,
        }
        return fields, 0.0 if has_more else self._source.poll_seconds

    def _publish(self, trade: Trade) -> bool:
        """Publish a trade where its price and time are valid; return whether it was."""
        self._mark_gap_before(trade)
        latest_ms = self._context.clock.now_us() // 1_000 + MAX_AHEAD_MS
        is_valid = trade.price is not None and _EARLIEST_MS <= trade.time_ms <= latest_ms
        if is_valid:
            self._context.sink.send(self._to_message(trade))
        else:
            logger.warning("prices market=%s refused trade=%s", self.name, trade.raw_text)
        self._advance(trade)
        return is_valid

    def _advance(self, trade: Trade) -> None:
        """Move on to a trade. A late one, numbered below the last, does not move back."""
        state = self._state
        state.recent_ids[trade.id] = trade.time_ms
        if state.last_ms is None or trade.time_ms >= state.last_ms:
            state.last_ms = trade.time_ms
        if state.last_id is None or not _is_below(trade.id, state.last_id):
            state.last_id = trade.id

    def _mark_gap_before(self, trade: Trade) -> None:
        """Record what is missing between the last trade and this one, by number where trades are numbered."""
        state, source = self._state, self._source
        after_ms = self._first_ms if state.last_ms is None else state.last_ms
        silence_seconds = (trade.time_ms - after_ms) / 1_000
        if state.last_id is None:
            if silence_seconds > source.gap_seconds:
                self._add_gap(after_ms, trade.time_ms, None, "the exchange's answers begin later")
        elif source.consecutive_ids and trade.id.isdigit() and state.last_id.isdigit():
            n_missing = int(trade.id) - int(state.last_id) - 1
            if n_missing > 0:
                self._add_gap(after_ms, trade.time_ms, n_missing, "the exchange left out numbered trades")
        elif silence_seconds > source.gap_seconds:
            self._add_gap(after_ms, trade.time_ms, None, "the exchange gave no trade in between")

    def _add_gap(self, after_ms: int, before_ms: int, n_missing: int | None, cause: str) -> None:
        gap = Gap(
            after_time=_format_ms(after_ms),
            before_time=_format_ms(before_ms),
            n_missing=n_missing,
            cause=cause,
            noticed_time=format_us(self._context.clock.now_us()),
        )
        metrics.GAPS.labels(self.name).inc()
        self._state.gaps = [*self._state.gaps, gap][-MAX_GAPS:]
        logger.warning(
            "prices market=%s gap not filled: after %s before %s missing=%s, %s",
            self.name,
            gap.after_time,
            gap.before_time,
            "unknown" if n_missing is None else n_missing,
            cause,
        )

    def _skip_crowded_second(self, at_ms: int) -> None:
        """Go on to the next second after a full page without new trades: one second had more than a page holds."""
        self._add_gap(at_ms, at_ms + 1_000, None, "more trades at once than the exchange gives")
        self._state.last_ms, self._state.last_id = at_ms + 1_000 + OVERLAP_MS, None

    def _to_message(self, trade: Trade) -> Message:
        value = to_value(
            RAW_PRICE,
            event_time_us=trade.time_ms * 1_000,
            natural_key=(self._source.venue, self._quote, trade.id),
            origin=self._context.origin or self._source.origin,
            base=self._base,
            venue=self._source.venue,
            quote=self._quote,
            price=trade.price,
            base_volume=trade.amount,
        )
        key = self._base.encode()
        return Message(topic=RAW_PRICE.topic, key=key, value=value, publish_us=self._context.clock.now_us())


def _is_below(trade_id: str, other_id: str) -> bool:
    return trade_id.isdigit() and other_id.isdigit() and int(trade_id) < int(other_id)


def _format_ms(time_ms: int) -> str:
    return format_us(time_ms * 1_000)
