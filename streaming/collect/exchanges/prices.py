"""Price collector: publishes a market's trades since its cursor to raw-price, and records what was not delivered."""

import logging
import time
from typing import Protocol

from msgspec.structs import replace

from lakehouse.messages.contract import RAW_PRICE
from lakehouse.process.stopping import StopRequestedError
from lakehouse.time_range import format_us
from streaming.collect import metrics
from streaming.collect.context import Context
from streaming.collect.errors import FetchError, PlaybackEndedError, QuestionRefusedError, StateFileError
from streaming.collect.exchanges.cursor import Rules, next_question, refuse_question
from streaming.collect.exchanges.handling import Handled, handle_page
from streaming.collect.exchanges.market_state import MarketState
from streaming.collect.exchanges.paging import Paging
from streaming.collect.exchanges.refused import append_refused
from streaming.collect.exchanges.trade import Page, Question, Trade
from streaming.collect.log_text import to_text
from streaming.collect.network.http_rules import remaining_wait_seconds, retry_wait_seconds
from streaming.collect.source import ExchangeSource, Market
from streaming.kafka.messages import Message, to_value

Fields = dict[str, object]

logger = logging.getLogger(__name__)

MAX_BACKOFF_SECONDS = 900.0
_REFUSALS_BEFORE_NEWEST = 3
_LOGGED_REFUSALS = 5
_DAY_MS = 86_400_000


class Client(Protocol):
    """Where a market's pages come from; `ExchangeClient` is one."""

    @property
    def paging(self) -> Paging: ...

    def fetch_page(self, symbol: str, question: Question, *, now_us: int) -> Page: ...


class MarketCollector:
    """Collector of one market. Killed at any instant it loses nothing: it resumes from its cursor, and ids repeat.

    Whatever an answer makes it raise is one failure of this market, with a wait that outlasts a restart.
    """

    def __init__(
        self, source: ExchangeSource, market: Market, *, client: Client, context: Context, start_us: int
    ) -> None:
        """Prepare to resume from the stored state, at first ``history_days`` before ``start_us``."""
        self.name = f"{source.venue}-{market.base}-{market.quote}"
        metrics.register_source(self.name)
        self._market = market
        self._source = source
        self._client = client
        self._context = context
        self._rules = Rules(
            paging=client.paging,
            gap_ms=round(source.gap_seconds * 1_000),
            consecutive_ids=source.consecutive_ids,
        )
        self._start_ms = start_us // 1_000 - round(source.history_days * _DAY_MS)
        self._state: MarketState | None = None
        self._n_unreadable = 0

    def first_wait_seconds(self) -> float | None:
        """Return the rest of the wait that the last failure imposed."""
        try:
            state = self._load()
        except StateFileError:  # the first poll reports it
            return 0.0
        return remaining_wait_seconds(
            not_before_us=state.not_before_us,
            wait_seconds=state.wait_seconds,
            now_us=self._context.clock.now_us(),
        )

    def poll(self) -> float | None:
        """Fetch one page and publish what is new; return the seconds until the next time: 0 while behind."""
        start = time.monotonic()
        metrics.REQUESTS.labels(self.name).inc()
        try:
            handled = self._ask()
        except (PlaybackEndedError, StopRequestedError):
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, it is this market's alone
            fields, wait_seconds = self._handle_failure(error)
        else:
            fields, wait_seconds = self._store(handled)
        logger.info(
            "prices market=%s %s seconds=%.3f next_seconds=%.1f",
            self.name,
            to_text(fields),
            time.monotonic() - start,
            wait_seconds,
            extra=fields,
        )
        return wait_seconds

    def _load(self) -> MarketState:
        """Return the state, read once. Raises: StateFileError."""
        if self._state is None:
            state = self._context.store.read(self.name, MarketState)
            if state.cursor.start_ms is None:
                state.cursor.start_ms = self._start_ms
            state.cursor.asks_newest_only = False
            self._state = state
        return self._state

    def _ask(self) -> Handled:
        state, clock = self._load(), self._context.clock
        question = next_question(state.cursor, self._rules)
        try:
            page = self._client.fetch_page(self._market.symbol, question, now_us=clock.now_us())
        except QuestionRefusedError:
            if state.n_failures + 1 >= _REFUSALS_BEFORE_NEWEST:
                self._state = replace(state, cursor=refuse_question(state.cursor, question))
            raise
        return handle_page(
            state, question, page, rules=self._rules, to_message=self._to_message, now_us=clock.now_us()
        )

    def _handle_failure(self, error: Exception) -> tuple[Fields, float]:
        """Count a failure and store its wait, so that a restart does not begin with the same answer again."""
        metrics.ERRORS.labels(self.name).inc()
        logger.debug("prices market=%s failed", self.name, exc_info=error)
        problem = (
            str(error) if isinstance(error, FetchError) else f"{type(error).__name__}: {str(error)[:200]}"
        )
        problem = problem.encode("utf-8", "replace").decode()
        self._n_unreadable += 1
        n_failures = self._n_unreadable if self._state is None else self._state.n_failures + 1
        wait_seconds = retry_wait_seconds(
            error if isinstance(error, FetchError) else FetchError(problem),
            n_failures=n_failures,
            poll_seconds=self._source.poll_seconds,
            max_backoff_seconds=MAX_BACKOFF_SECONDS,
        )
        if self._state is not None:
            not_before_us = self._context.clock.now_us() + round(wait_seconds * 1e6)
            self._state = replace(
                self._state,
                n_failures=n_failures,
                not_before_us=not_before_us,
                wait_seconds=wait_seconds,
                problem=problem,
            )
            self._context.store.write(self.name, self._state)
        return {"failed": n_failures, "problem": problem}, wait_seconds

    def _store(self, handled: Handled) -> tuple[Fields, float]:
        """Publish the messages, then store the state; a kill in between repeats the same messages."""
        context, name = self._context, self.name
        append_refused(context.store, name, handled.refused)
        for message in handled.messages:
            context.sink.send(message)
        context.sink.flush()
        before = self._load()
        self._state = replace(handled.state, n_failures=0, not_before_us=0, problem=None)
        context.store.write(name, self._state)
        self._report(handled, before)
        metrics.REFUSED.labels(name).inc(len(handled.refused))
        metrics.GAPS.labels(name).inc(len(handled.gaps))
        metrics.CLOCK_OFFSET.labels(name).set((self._state.clock_offset_ms or 0) / 1_000)
        metrics.count_answer(name, n_new=len(handled.messages), now_seconds=context.clock.now_us() / 1e6)
        last_ms = self._state.cursor.last_ms
        fields: Fields = {
            "trades": handled.n_trades,
            "new": handled.n_new,
            "refused": len(handled.refused),
            "held": len(self._state.held),
            "last": "none" if last_ms is None else format_us(last_ms * 1_000),
        }
        if handled.n_ahead:
            fields["ahead"] = handled.n_ahead
        return fields, 0.0 if handled.asks_again else self._source.poll_seconds

    def _report(self, handled: Handled, before: MarketState) -> None:
        """Log gaps, refused trades, and a clock that has become wrong, or right again."""
        for gap in handled.gaps:
            missing = "unknown" if gap.n_missing is None else gap.n_missing
            text = "prices market=%s gap not filled: after %s before %s missing=%s, %s"
            logger.warning(text, self.name, gap.after_time, gap.before_time, missing, gap.cause)
        for refused in handled.refused[:_LOGGED_REFUSALS]:
            logger.warning(
                "prices market=%s refused: %s trade=%s", self.name, refused.reason, refused.raw[:200]
            )
        if len(handled.refused) > _LOGGED_REFUSALS:
            n_others = len(handled.refused) - _LOGGED_REFUSALS
            logger.warning("prices market=%s refused: %d more, see `collect refused`", self.name, n_others)
        offset_ms = handled.state.clock_offset_ms
        if offset_ms is not None and before.clock_offset_ms is None:
            logger.warning("prices market=%s %s", self.name, describe_offset(offset_ms))
        elif offset_ms is None and before.clock_offset_ms is not None:
            logger.info("prices market=%s its clock and this machine's agree again", self.name)

    def _to_message(self, trade: Trade) -> Message:
        source, market = self._source, self._market
        value = to_value(
            RAW_PRICE,
            event_time_us=trade.time_ms * 1_000,
            natural_key=(source.venue, market.quote, trade.id),
            origin=self._context.origin or source.origin,
            base=market.base,
            venue=source.venue,
            quote=market.quote,
            price=trade.price,
            base_volume=trade.amount,
        )
        now_us = self._context.clock.now_us()
        return Message(topic=RAW_PRICE.topic, key=market.base.encode(), value=value, publish_us=now_us)


def describe_offset(offset_ms: int) -> str:
    """Return a sentence about clocks that differ, of which the exchange's is ahead by so much.

    >>> describe_offset(-360_000)
    "clock: this machine's is 360 s ahead of the exchange's; one of them is wrong"
    """
    text = f"clock: this machine's is {abs(offset_ms) / 1_000:.0f} s"
    if offset_ms < 0:
        return f"{text} ahead of the exchange's; one of them is wrong"
    return f"{text} behind the exchange's; one of them is wrong, and the newest trades wait"
