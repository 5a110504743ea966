"""Collector of one market against a model exchange: what it gives is published once, what it does not is in a gap."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, chain, repeat
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from lakehouse.messages.contract import make_message_id
from lakehouse.time_range import to_time, to_us
from streaming.collect.context import Context
from streaming.collect.exchanges.cursor import OVERLAP_MS
from streaming.collect.exchanges.market_state import MarketState
from streaming.collect.exchanges.paging import Paging
from streaming.collect.exchanges.prices import MarketCollector
from streaming.collect.source import ExchangeSource, Market
from streaming.collect.state import StateStore
from streaming.kafka.messages import Message
from tests.support.model_exchange import FAULTS, Behaviour, ModelExchange, ModelTrade, model_trades
from tests.support.profiles import sized

NOON_MS = 1_795_608_000_000  # 2026-11-25T12:00:00Z
MINUTE_MS = 60_000
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
    """One simulated life of a collector. ``given``: ids of the answers that no kill kept it from handling."""

    exchange: ModelExchange
    world: World
    topic: Topic
    store: MemoryStore = field(default_factory=MemoryStore)
    history_minutes: int
    consecutive_ids: bool
    given: set[str] = field(default_factory=set)

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


@st.composite
def trade_times(draw: st.DrawFn) -> list[int]:
    """Return ascending times (ms): steady trading, bursts, crowds in one millisecond, silences."""
    steps: list[int] = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(("steady", "burst", "crowd", "silence")))
        if kind == "steady":
            steps += [draw(st.integers(1_000, 90_000))] * draw(st.integers(1, 20))
        elif kind == "burst":
            steps += [draw(st.integers(0, 40))] * draw(st.integers(2, 80))
        elif kind == "crowd":
            steps += [500] + [0] * draw(st.integers(1, 30))
        else:
            steps += [draw(st.integers(5, 50)) * MINUTE_MS]
    start_ms = NOON_MS - draw(st.integers(0, 150)) * MINUTE_MS
    return list(accumulate(steps, initial=start_ms))


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Behaviour, Paging]:
    """Return what an exchange does, and what the collector is told of it."""
    page = draw(st.integers(4, 40))
    tells_time = draw(st.booleans())
    kept_ms = draw(st.sampled_from((None, None, 30 * MINUTE_MS)))
    window_ms = draw(st.sampled_from((None, 10 * MINUTE_MS, 20 * MINUTE_MS)))
    is_exclusive = draw(st.booleans())
    grain_ms = draw(st.sampled_from((1, 1_000)))
    kind = draw(st.sampled_from(("since", "until", "ids", "range", "newest", "unknown", "refuses")))
    if kind == "since":
        behaviour = Behaviour(
            page=page, tells_time=tells_time, kept_ms=kept_ms, window_ms=window_ms, is_exclusive=is_exclusive
        )
        return behaviour, Paging(page_trades=page, window_ms=window_ms)
    if kind == "until":
        behaviour = Behaviour(
            page=page,
            tells_time=tells_time,
            kept_ms=kept_ms,
            window_ms=window_ms,
            grain_ms=grain_ms,
            takes_until=True,
            gives_last=draw(st.booleans()),
        )
        return behaviour, Paging(page_trades=page, window_ms=window_ms, takes_until=True, grain_ms=grain_ms)
    if kind == "ids":
        behaviour = Behaviour(
            page=page,
            tells_time=tells_time,
            kept_ms=kept_ms,
            window_ms=10 * MINUTE_MS,
            takes_until=True,
            gives_last=draw(st.booleans()),
        )
        return behaviour, Paging(page_trades=page, window_ms=10 * MINUTE_MS, takes_until=True, ids="from")
    if kind == "range":
        behaviour = Behaviour(
            page=page, tells_time=tells_time, kept_ms=kept_ms, honours_since=False, id_range=page
        )
        return behaviour, Paging(page_trades=page, newest_only=True, honours_since=False, ids="between")
    if kind == "newest":
        behaviour = Behaviour(page=page, tells_time=tells_time, kept_ms=kept_ms, honours_since=False)
        return behaviour, Paging(page_trades=page, newest_only=True, honours_since=False)
    behaviour = Behaviour(
        page=page,
        tells_time=tells_time,
        kept_ms=kept_ms,
        honours_since=draw(st.booleans()),
        is_exclusive=is_exclusive,
        gives_last=draw(st.booleans()),
        window_ms=draw(st.sampled_from((None, MINUTE_MS, 10 * MINUTE_MS))),
        grain_ms=grain_ms,
        refuses_since=kind == "refuses",
    )
    return behaviour, Paging(honours_since=False)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    behaviour, paging = draw(exchanges())
    ids = (
        "consecutive" if paging.ids else draw(st.sampled_from(("consecutive", "increasing", "text", "none")))
    )
    times_ms = draw(trade_times())
    n_trades = len(times_ms)
    late_ms = draw(st.lists(st.integers(0, 1_500), min_size=n_trades, max_size=n_trades))
    if fullest_instant(times_ms, unit_ms=OVERLAP_MS) >= behaviour.page:
        late_ms = [
            0
        ] * n_trades  # what is late in a crowd that no page holds cannot be told from what is missing
    skew_ms = draw(st.sampled_from((0, 0, -6 * MINUTE_MS, -20 * MINUTE_MS, 6 * MINUTE_MS, 20 * MINUTE_MS)))
    world = World(NOON_MS, skew_ms=skew_ms, mended_ms=NOON_MS + draw(st.integers(0, 90)) * MINUTE_MS)
    consecutive_ids = ids == "consecutive" and draw(st.booleans())
    faults = draw(st.lists(st.sampled_from((None, None, *FAULTS)), max_size=20))
    kills = draw(st.lists(st.sampled_from(("", "lost", "unstored")), max_size=8))
    exchange = ModelExchange(
        trades=model_trades(times_ms, ids=ids, late_ms=late_ms),
        behaviour=behaviour,
        paging=paging,
        now_ms=lambda: world.true_ms,
        faults=chain(faults, repeat(None)),
        by_number=consecutive_ids or paging.ids is not None,
    )
    return Run(
        exchange=exchange,
        world=world,
        topic=Topic(kills=chain(kills, repeat(""))),
        history_minutes=draw(st.sampled_from((0, 60, 240))),
        consecutive_ids=consecutive_ids,
    )


def fullest_instant(times_ms: Sequence[int], *, unit_ms: int) -> int:
    """Return the largest number of trades within so many milliseconds."""
    return max(bisect_left(times_ms, at_ms + unit_ms) - bisect_left(times_ms, at_ms) for at_ms in times_ms)


def has_no_crowd(run: Run) -> bool:
    """Return whether no instant, as fine as the exchange can be asked, has more trades than a page holds."""
    behaviour = run.exchange.behaviour
    times_ms = [each.trade.time_ms for each in run.exchange.trades]
    fullest = fullest_instant(times_ms, unit_ms=2 * behaviour.grain_ms + 1)
    return fullest + behaviour.is_exclusive < behaviour.page


def is_honest(run: Run) -> bool:
    """Return whether every trade can be had: the exchange does as the collector is told, and no crowd fills a page."""
    is_told = run.exchange.paging.honours_since and run.exchange.behaviour.kept_ms is None
    return is_told and has_no_crowd(run)


def check(run: Run, restarts: Sequence[bool]) -> None:
    last_ms = max(each.visible_ms for each in run.exchange.trades)
    end_ms = max(last_ms, run.world.mended_ms, NOON_MS) + 30 * MINUTE_MS
    run.live(until_ms=end_ms, restarts=chain(restarts, repeat(False)))

    published = run.published()
    assert published.keys() <= {message_id(each) for each in run.exchange.trades}
    unpublished = run.unpublished()
    lost = [each.trade for each in unpublished if not run.is_in_gap(each)]
    assert not lost
    assert not [each.trade for each in unpublished if each.trade.id in run.given]
    assert run.state.n_refused == 0
    if is_honest(run):
        assert not unpublished
        assert not [gap for gap in run.state.gaps if to_ms(gap.before_time) - to_ms(gap.after_time) < GAP_MS]
        assert not [each.trade for each in run.exchange.trades if run.is_within_gap(each)]
    event(f"honest {is_honest(run)}")
    event(f"gaps {len(run.state.gaps) > 0} unpublished {len(unpublished) > 0}")


@given(run=runs(), restarts=st.lists(st.booleans(), max_size=30))
@settings(max_examples=sized(quick=100, full=400), suppress_health_check=[HealthCheck.too_slow])
def test_every_trade_is_published_or_in_a_gap(run: Run, restarts: list[bool]) -> None:
    check(run, restarts)


@pytest.mark.soak
@given(run=runs(), restarts=st.lists(st.booleans(), max_size=30))
@settings(max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
def test_every_trade_of_thousands_of_exchanges_is_published_or_in_a_gap(
    run: Run, restarts: list[bool]
) -> None:
    check(run, restarts)
