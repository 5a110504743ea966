"""A model of an exchange: trades that appear over time, and answers with the limits and faults of real exchanges."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from streaming.collect.errors import FetchError, QuestionRefusedError
from streaming.collect.exchanges.paging import Paging
from streaming.collect.exchanges.trade import Page, Question, Trade, in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTrade:
    """One trade of the model, and since when its exchange gives it."""

    trade: Trade
    visible_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What an exchange really does; what the collector is told of it is its `Paging`.

    ``page``: trades in an answer. ``window_ms``: time that an answer covers. ``kept_ms``: age at which trades go.
    ``grain_ms``: questions' instants are rounded down to it. ``gives_last``: of too many trades the last ones.
    """

    page: int
    honours_since: bool = True
    is_exclusive: bool = False
    gives_last: bool = False
    window_ms: int | None = None
    kept_ms: int | None = None
    grain_ms: int = 1
    takes_until: bool = False
    refuses_since: bool = False
    tells_time: bool = True
    id_range: int | None = None


@dataclass(slots=True, kw_only=True)
class ModelExchange:
    """An exchange that answers a collector's questions; ``answered`` are the ids of its last answer."""

    trades: Sequence[ModelTrade]
    behaviour: Behaviour
    paging: Paging
    now_ms: Callable[[], int]
    faults: Iterator[Exception | None]
    by_number: bool = False
    answered: frozenset[str] = frozenset()
    n_requests: int = 0

    def fetch_page(self, symbol: str, question: Question, *, now_us: int) -> Page:
        self.n_requests += 1
        self.answered = frozenset()
        fault = next(self.faults)
        if fault is not None:
            raise fault
        found = self._find(question)
        page = self._cut(question, found)
        trades = in_order(page, by_number=self.by_number)
        self.answered = frozenset(trade.id for trade in trades)
        return Page(
            trades=trades,
            is_full=len(trades) >= self.paging.page_trades,
            exchange_ms=self.now_ms() // 1_000 * 1_000 if self.behaviour.tells_time else None,
        )

    def _find(self, question: Question) -> list[Trade]:
        """Return what matches a question, in the exchange's own order."""
        behaviour, now_ms = self.behaviour, self.now_ms()
        oldest_ms = 0 if behaviour.kept_ms is None else now_ms - behaviour.kept_ms
        visible = [each.trade for each in self.trades if each.visible_ms <= now_ms]
        visible = [trade for trade in visible if trade.time_ms >= oldest_ms]
        if question.kind == "id":
            last_id = question.first_id + (behaviour.id_range or 10**12)
            return [trade for trade in visible if question.first_id <= (trade.number or 0) < last_id]
        if question.kind == "newest" or not behaviour.honours_since:
            return visible
        if behaviour.refuses_since:
            raise QuestionRefusedError("ArgumentsRequired: since is not known here")
        since_ms = question.since_ms // behaviour.grain_ms * behaviour.grain_ms + behaviour.is_exclusive
        until_ms = question.until_ms if behaviour.takes_until else None
        if behaviour.window_ms is not None:
            until_ms = min(until_ms or since_ms + behaviour.window_ms, since_ms + behaviour.window_ms)
        return [
            trade
            for trade in visible
            if trade.time_ms >= since_ms and (until_ms is None or trade.time_ms <= until_ms)
        ]

    def _cut(self, question: Question, found: list[Trade]) -> list[Trade]:
        takes_last = (
            question.kind == "newest" or not self.behaviour.honours_since or self.behaviour.gives_last
        )
        if question.kind == "id":
            takes_last = False
        if not takes_last:
            return found[: self.behaviour.page]
        visible_ms = {each.trade.id: each.visible_ms for each in self.trades}  # the last to be published
        return sorted(found, key=lambda trade: visible_ms[trade.id])[-self.behaviour.page :]


def model_trades(times_ms: Sequence[int], *, ids: str, late_ms: Sequence[int]) -> list[ModelTrade]:
    """Return trades at ascending times, with ids that are consecutive, increasing, text or none.

    ``restarting`` ids are consecutive, but for the last third, which is counted anew from below. Each trade appears up
    to ``late_ms`` after its time; where ids are numbers, at once.
    """
    trades = []
    for number, (time_ms, late) in enumerate(zip(times_ms, late_ms, strict=True)):
        price = 100.0 + number % 7
        names = {
            "consecutive": str(1_000 + number),
            "increasing": str(1_000 + 7 * number),
            "restarting": str(1_000 + number if 3 * number < 2 * len(times_ms) else number),
            "text": f"{(number * 7_919) % 10_007:05x}-{number}",
        }
        trade = Trade(names.get(ids, f"{time_ms}-buy-1-{price}-{number}"), time_ms, price, 1.0, "{}")
        is_late = ids in ("text", "none")
        trades.append(ModelTrade(trade=trade, visible_ms=time_ms + (late if is_late else 0)))
    return trades


FAULTS: tuple[Exception, ...] = (
    FetchError("DDoSProtection: 429", retry_after_seconds=30.0),
    FetchError("ExchangeNotAvailable: 503"),
    FetchError("RequestTimeout: GET /trades"),
    ValueError("broken JSON"),
    RecursionError("maximum recursion depth exceeded"),
    AssertionError("whatever a library raises"),
)
