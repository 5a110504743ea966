"""Handling of one answer: a market's next state, the messages to publish and the trades to refuse. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from msgspec.structs import replace

from lakehouse.messages.contract import RAW_PRICE
from lakehouse.messages.validation import Rejected, validator_of
from lakehouse.time_range import format_us
from streaming.collect.exchanges.cursor import Missing, Rules, Step, take_page
from streaming.collect.exchanges.market_state import Gap, MarketState, add_gap
from streaming.collect.exchanges.price_levels import CONFIRMING_TRADES, JUMP_FACTOR, check_levels
from streaming.collect.exchanges.refused import RefusedTrade, to_refused
from streaming.collect.exchanges.trade import Page, Question, Trade
from streaming.collect.exchanges.trade_times import TimedPage, check_times
from streaming.kafka.messages import Message

MAX_REFUSED_IDS = 1_000
SETTLED_MS = 60_000
"""A trade older than this is history: none before it is published any more, and others follow at once."""
_JUMP = (
    f"a price {JUMP_FACTOR:g} times away from the trades before and after it; "
    f"{CONFIRMING_TRADES} in a row would have been a new level"
)
_validate = validator_of(RAW_PRICE.topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What an answer leads to. ``state`` is to be stored once ``messages`` and ``refused`` are durable."""

    state: MarketState
    messages: tuple[Message, ...]
    refused: tuple[RefusedTrade, ...]
    gaps: tuple[Gap, ...]
    n_trades: int
    n_new: int
    n_ahead: int
    asks_again: bool


def handle_page(
    state: MarketState,
    question: Question,
    page: Page,
    *,
    rules: Rules,
    to_message: Callable[[Trade], Message],
    now_us: int,
) -> Handled:
    """Return what an answer leads to: each new trade is published, refused or held, and the cursor is behind it."""
    timed = check_times(page, now_ms=now_us // 1_000, refused_ids=frozenset(state.refused_ids))
    settled_ms = (page.exchange_ms or now_us // 1_000) - SETTLED_MS
    step = _take(state, question, timed, rules, settled_ms)
    valid, refused = _tell_apart(step, timed, to_message, now_us)
    refused = [*_unreadable(state, page, now_us), *refused]
    known = [
        _refused_id(each) for each in refused if each.trade_id is None or each.trade_id in timed.impossible
    ]
    n_listed = len(page.trades) + len(page.unreadable)
    levelled = check_levels(state.level, state.held, valid)
    refused += [to_refused(trade, _JUMP, now_us=now_us) for trade in levelled.refused]
    gaps = tuple(_to_gap(missing, now_us) for missing in step.missing)
    return Handled(
        state=replace(
            state,
            cursor=step.cursor,
            level=levelled.level,
            held=list(levelled.held),
            refused_ids=[*state.refused_ids, *known][-max(MAX_REFUSED_IDS, n_listed) :],
            clock_offset_ms=timed.clock_offset_ms,
            n_published=state.n_published + len(levelled.published),
            n_refused=state.n_refused + len(refused),
            gaps=reduce(add_gap, gaps, state.gaps),
        ),
        messages=tuple(to_message(trade) for trade in levelled.published),
        refused=tuple(refused),
        gaps=gaps,
        n_trades=len(page.trades),
        n_new=len(step.new),
        n_ahead=timed.n_ahead,
        asks_again=step.asks_again or _is_behind(step, question, settled_ms),
    )


def _tell_apart(
    step: Step, timed: TimedPage, to_message: Callable[[Trade], Message], now_us: int
) -> tuple[list[Trade], list[RefusedTrade]]:
    """Return a step's trades that can be messages, and the records of the others and of impossible times."""
    valid: list[Trade] = []
    refused = [to_refused(each, "an impossible time", now_us=now_us) for each in timed.impossible.values()]
    for trade in step.new:
        if trade.id in timed.impossible:
            continue
        reason = _invalid(trade, to_message, now_us)
        if reason is None:
            valid.append(trade)
        else:
            refused.append(to_refused(trade, reason, now_us=now_us))
    return valid, refused


def _take(state: MarketState, question: Question, timed: TimedPage, rules: Rules, settled_ms: int) -> Step:
    """Return the cursor's step, which stops before trades that are ahead of this machine's clock."""
    step = take_page(state.cursor, question, timed.page, rules, settled_ms=settled_ms)
    if timed.n_ahead and not step.new and not timed.page.is_full:
        return Step(cursor=state.cursor)
    return step


def _is_behind(step: Step, question: Question, settled_ms: int) -> bool:
    """Return whether the newest trade is so old that more will follow at once."""
    return bool(step.passed) and question.kind != "newest" and (step.cursor.last_ms or 0) < settled_ms


def _invalid(trade: Trade, to_message: Callable[[Trade], Message], now_us: int) -> str | None:
    """Return why a trade cannot be a message of the contract; None where it can."""
    if trade.price is None:
        return "no usable price"
    try:
        message = to_message(trade)
        result = _validate(message.key, message.value, now_us)
    except Exception as error:  # noqa: BLE001  an id that is no Unicode is that trade's problem
        return f"{type(error).__name__}: {str(error)[:200]}"
    return f"{result.rule}: {result.reason}" if isinstance(result, Rejected) else None


def _unreadable(state: MarketState, page: Page, now_us: int) -> list[RefusedTrade]:
    known = set(state.refused_ids)
    refused = []
    for raw in page.unreadable:
        trade = RefusedTrade(
            trade_id=None,
            time=None,
            price=None,
            amount=None,
            reason="no readable time, or another market",
            noticed_time=format_us(now_us),
            raw=raw,
        )
        if _refused_id(trade) not in known:
            known.add(_refused_id(trade))
            refused.append(trade)
    return refused


def _refused_id(refused: RefusedTrade) -> str:
    """Return how a refused trade is recognised when an answer holds it again."""
    if refused.trade_id is not None:
        return refused.trade_id
    return f"raw {hashlib.sha256(refused.raw.encode('utf-8', 'replace')).hexdigest()[:20]}"


def _to_gap(missing: Missing, now_us: int) -> Gap:
    return Gap(
        after_time=format_us(missing.after_ms * 1_000),
        before_time=format_us(missing.before_ms * 1_000),
        n_missing=missing.n_missing,
        cause=missing.cause,
        noticed_time=format_us(now_us),
    )
