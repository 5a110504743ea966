"""A simulated life of a market's collector: time passes by its waits, and it is killed and started again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from lakehouse.messages.contract import make_message_id
from lakehouse.time_range import to_time, to_us
from streaming.collect.context import Context
from streaming.collect.exchanges.market_state import MarketState
from streaming.collect.exchanges.prices import MarketCollector
from streaming.collect.source import ExchangeSource, Market
from streaming.collect.state import StateStore
from streaming.kafka.messages import Message
from tests.support.model_exchange import ModelExchange, ModelTrade

GAP_SECONDS = 600.0
GAP_MS = 600_000
MARKET = Market("BTC/USD", "btc", "usd")
State = TypeVar("State", bound=msgspec.Struct)


class KilledError(BaseException):
    """A kill -9 at this very instruction."""


@dataclass
class World:
    """True time and this machine's clock, both in milliseconds: the latter is wrong until ``mended_ms``."""

    true_ms: int
    skew_ms: int = 0
    mended_ms: int = 0

    @property
    def is_slow(self) -> bool:
        """This machine's clock is slow, so that the newest trades wait, until an exchange may have forgotten them."""
        return self.skew_ms < 0 and self.true_ms < self.mended_ms

    def now_us(self) -> int:
        return (self.true_ms + (self.skew_ms if self.true_ms < self.mended_ms else 0)) * 1_000

    def sleep(self, seconds: float) -> bool:
        self.true_ms += round(seconds * 1_000)
        return False


@dataclass
class Topic:
    """A sink whose flush may be killed, before or after the messages are durable."""

    kills: Iterator[str]
    durable: list[bytes] = field(default_factory=list)
    pending: list[bytes] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.pending.append(message.value or b"")

    def flush(self) -> None:
        kill = next(self.kills) if self.pending else ""
        if kill == "lost":
            self.pending.clear()
            raise KilledError
        self.durable += self.pending
        self.pending.clear()
        if kill == "unstored":
            raise KilledError


class MemoryStore(StateStore):
    """States as JSON bytes in memory."""

    def __init__(self) -> None:
        super().__init__(None)
        self.states: dict[str, bytes] = {}
        self.lines: list[bytes] = []

    def read(self, name: str, kind: type[State]) -> State:
        return msgspec.json.decode(self.states[name], type=kind) if name in self.states else kind()

    def write(self, name: str, state: msgspec.Struct) -> None:
        self.states[name] = msgspec.json.encode(state)

    def append_lines(self, name: str, lines: Sequence[bytes], *, max_bytes: int, old_name: str) -> None:
        self.lines += lines


@dataclass(kw_only=True)
class Run:
    """One simulated life of a collector.

    ``given``: ids of the answers that no kill kept it from handling. ``first_ms``: when it had the first trade.
    """

    exchange: ModelExchange
    world: World
    topic: Topic
    store: MemoryStore = field(default_factory=MemoryStore)
    history_minutes: int
    consecutive_ids: bool
    given: set[str] = field(default_factory=set)
    first_ms: int | None = None

    def live(self, *, until_ms: int, restarts: Iterator[bool] | None = None) -> None:
        """Poll as the scheduler does, with a new process after each kill, until an instant and a quiet end."""
        collector = self.start()
        n_quiet = 0
        while self.world.true_ms < until_ms or n_quiet < 6:
            n_before, n_durable = self.exchange.n_requests, len(self.topic.durable)
            try:
                wait_seconds = collector.poll()
                if not self.world.is_slow:
                    self.given |= self.exchange.answered
            except KilledError:
                collector, wait_seconds = self.start(), 1.0
            if self.first_ms is None and self.state.cursor.last_ms is not None:
                self.first_ms = self.world.true_ms
            if restarts is not None and next(restarts):
                collector = self.start()
                wait_seconds = max(wait_seconds or 0.0, collector.first_wait_seconds() or 0.0)
            assert wait_seconds is not None
            is_over = self.world.true_ms >= until_ms
            is_quiet = is_over and self.state.n_failures == 0 and len(self.topic.durable) == n_durable
            n_quiet = n_quiet + (wait_seconds > 0) if is_quiet else 0
            self.world.true_ms += 200 + round(wait_seconds * 1_000)
            assert self.exchange.n_requests == n_before + 1
            assert self.exchange.n_requests < 5_000, "it asks again and again"

    def start(self) -> MarketCollector:
        source = ExchangeSource(
            exchange="model",
            venue="model",
            symbols=(MARKET.symbol,),
            poll_seconds=60.0,
            history_days=self.history_minutes / 1_440,
            gap_seconds=GAP_SECONDS,
            consecutive_ids=self.consecutive_ids,
        )
        self.topic.pending.clear()
        context = Context(clock=self.world, sink=self.topic, store=self.store)
        return MarketCollector(
            source, MARKET, client=self.exchange, context=context, start_us=self.world.now_us()
        )

    @property
    def state(self) -> MarketState:
        return self.store.read("model-btc-usd", MarketState)

    def published(self) -> Counter[str]:
        return Counter(msgspec.json.decode(value)["message_id"] for value in self.topic.durable)

    def unpublished(self) -> list[ModelTrade]:
        """Return the trades of the history asked for that were not published."""
        ids = self.published()
        start_ms = self.state.cursor.start_ms or 0
        return [
            each
            for each in self.exchange.trades
            if each.trade.time_ms >= start_ms and message_id(each) not in ids
        ]

    def is_within_gap(self, trade: ModelTrade) -> bool:
        """Return whether a trade is between the ends of a recorded gap."""
        bounds = ((to_ms(gap.after_time), to_ms(gap.before_time)) for gap in self.state.gaps)
        return any(after_ms < trade.trade.time_ms < before_ms for after_ms, before_ms in bounds)

    def is_in_first_silence(self, trade: ModelTrade) -> bool:
        """Return whether a trade went before the first answer, too soon after the start for its silence to count."""
        kept_ms, start_ms = self.exchange.behaviour.kept_ms, self.state.cursor.start_ms or 0
        if kept_ms is None or self.first_ms is None:
            return False
        return trade.trade.time_ms < min(self.first_ms - kept_ms, start_ms + GAP_MS)

    def is_in_gap(self, trade: ModelTrade) -> bool:
        """Return whether a trade is in a recorded gap, or in the silence that no later trade has ended yet."""
        kept_ms = self.exchange.behaviour.kept_ms
        is_gone = kept_ms is not None and trade.trade.time_ms < self.world.true_ms - kept_ms
        if is_gone and trade.trade.time_ms > (self.state.cursor.last_ms or 0):
            return True
        bounds = ((to_ms(gap.after_time), to_ms(gap.before_time)) for gap in self.state.gaps)
        return any(after_ms <= trade.trade.time_ms <= before_ms for after_ms, before_ms in bounds)


def message_id(each: ModelTrade) -> str:
    time = to_time(each.trade.time_ms * 1_000)
    return make_message_id(key="btc", event_time=time, natural_key=("model", "usd", each.trade.id))


def to_ms(text: str) -> int:
    return to_us(datetime.fromisoformat(text)) // 1_000
