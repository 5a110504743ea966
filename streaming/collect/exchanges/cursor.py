"""Cursor through a market's trades: the next question, and what an answer adds. Pure: no clock, no I/O.

An answer continues where the last one ended if it holds a known trade, or if an exchange that honours instants was
asked for all of the time in between. Otherwise a gap is recorded. A question moves beyond the last trade only towards
a trade that the exchange itself shows, never by a clock.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from streaming.collect.exchanges.known_trades import OVERLAP_MS, is_among, remember, select_new, touches_known
from streaming.collect.exchanges.market_state import Cursor, Search
from streaming.collect.exchanges.paging import Paging
from streaming.collect.exchanges.trade import Page, Question, Trade, to_number

_FIRST_SPAN_MS = 3_600_000
_HONEST = Search()
_BEGINS_LATER = "the exchange's answers begin later"
_LOST = "the exchange's answers no longer reach the last trade"
_SILENT = "the exchange gave no trade in between"


class Missing(NamedTuple):
    """An interval that was not delivered. ``n_missing`` is None where unknown."""

    after_ms: int
    before_ms: int
    n_missing: int | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How an exchange pages, which silence (milliseconds) is a gap, and whether ids have no holes."""

    paging: Paging
    gap_ms: int
    consecutive_ids: bool

    @property
    def is_numbered(self) -> bool:
        """Numbers are the order of trades, rather than times."""
        return self.consecutive_ids or self.paging.ids is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an answer added: new trades in their order, intervals that are missing, and whether to ask again at once.

    The cursor is behind the trades of ``passed``. ``new`` are those to handle, also beyond the cursor.
    """

    cursor: Cursor
    passed: tuple[Trade, ...] = ()
    new: tuple[Trade, ...] = ()
    missing: tuple[Missing, ...] = ()
    asks_again: bool = False


def next_question(cursor: Cursor, rules: Rules) -> Question:
    """Return the next question of a cursor whose ``start_ms`` is set."""
    search, paging = cursor.search, rules.paging
    number = to_number(cursor.last_id)
    if search.asks_newest or cursor.asks_newest_only:
        return Question(kind="newest")
    if paging.ids and number is not None and not search.is_id_lost:
        return Question(kind="id", first_id=number)
    if paging.newest_only:
        return Question(kind="newest")
    since_ms = _begin_ms(cursor)
    until_ms = None
    if paging.takes_until:
        until_ms = -(-(since_ms + _span_ms(cursor, paging)) // paging.grain_ms) * paging.grain_ms
    return Question(kind="since", since_ms=since_ms, until_ms=until_ms)


def take_page(cursor: Cursor, question: Question, page: Page, rules: Rules, *, settled_ms: int = 0) -> Step:
    """Return what an answer adds. Trades before ``settled_ms`` are so old that none is published late any more."""
    new = select_new(cursor, page, is_numbered=rules.is_numbered)
    step = _pass(cursor, question, page, new, rules)
    unhandled = tuple(trade for trade in new if not is_among(cursor.ahead_ids, trade))
    moved = remember(step.cursor, () if step.passed else unhandled, n_ids=rules.paging.page_trades)
    if step.passed and (moved.last_ms or 0) < settled_ms and moved.search.from_ms is None:
        settled = replace(
            moved.search, from_ms=max((moved.last_ms or 0) - 1, 0)
        )  # what is before it is settled
        moved = replace(moved, search=settled)
    return dataclasses.replace(step, cursor=moved, new=unhandled)


def _pass(cursor: Cursor, question: Question, page: Page, new: tuple[Trade, ...], rules: Rules) -> Step:
    """Return the cursor behind an answer's trades where they continue what is known, or the next question."""
    if (
        page.is_full
        and question.kind == "since"
        and (narrower := _narrower(cursor, question, page, new, rules))
    ):
        return Step(cursor=narrower, asks_again=True)
    if new and _is_taken(cursor, question, page, rules):
        return _take(cursor, question, page, new, rules)
    return _search_on(cursor, question, page, new, rules)


def refuse_question(cursor: Cursor, question: Question) -> Cursor:
    """Return the cursor after the exchange called a question invalid: from now on the newest trades are asked for."""
    return cursor if question.kind == "newest" else replace(cursor, asks_newest_only=True)


def _begin_ms(cursor: Cursor) -> int:
    if cursor.search.from_ms is not None:
        return cursor.search.from_ms
    if cursor.last_ms is None:
        return max((cursor.start_ms or 0) - 1, 0)  # an exchange may answer what is after the instant alone
    return max(cursor.last_ms - OVERLAP_MS, 0)


def _span_ms(cursor: Cursor, paging: Paging) -> int:
    return max(min(cursor.span_ms or _FIRST_SPAN_MS, paging.window_ms or _FIRST_SPAN_MS), paging.grain_ms)


def _narrower(
    cursor: Cursor, question: Question, page: Page, new: Sequence[Trade], rules: Rules
) -> Cursor | None:
    """Return the cursor of a better question after a full page, where there is one; else None.

    A full page of a question with an end may be its first or its last part, so that it proves nothing. A full page
    of known trades is passed by asking from its last instant on, or just before it: `since` may be exclusive.
    """
    search, paging = cursor.search, rules.paging
    if question.until_ms is not None:
        span_ms = _span_ms(cursor, paging)
        narrower_ms = max(span_ms // 2, paging.grain_ms)
        return replace(cursor, span_ms=narrower_ms) if narrower_ms < span_ms else None
    if new:
        return None
    last_ms = max((trade.time_ms for trade in page.trades), default=0)
    if last_ms <= question.since_ms:
        return None
    is_before = last_ms - 1 > question.since_ms
    passed = replace(search, from_ms=last_ms - is_before, is_proven=search.is_proven and is_before)
    return replace(cursor, search=passed)


def _is_taken(cursor: Cursor, question: Question, page: Page, rules: Rules) -> bool:
    """Return whether an answer's trades are taken now, or better ones can be asked for first."""
    if question.kind != "newest" or touches_known(cursor, page) or cursor.search.takes_newest:
        return True
    if cursor.asks_newest_only:
        return True
    can_page = rules.paging.ids and cursor.last_id is not None and not cursor.search.is_id_lost
    return rules.paging.newest_only and not can_page


def _take(cursor: Cursor, question: Question, page: Page, new: Sequence[Trade], rules: Rules) -> Step:
    missing: list[Missing] = []
    is_continued = _is_continued(cursor, question, page, rules)
    taken = replace(cursor, recent_ids=dict(cursor.recent_ids), search=_HONEST)
    for trade in new:
        gap = _gap_before(taken, trade, rules, is_continued=is_continued)
        missing += [gap] if gap else []
        is_continued = True
        _advance(taken, trade)
    if question.until_ms is not None:
        if page.is_full:
            crowd = "more trades at once than the exchange gives"
            missing.append(Missing(question.since_ms, question.until_ms, None, crowd))
            taken.search = Search(from_ms=max(question.until_ms, taken.last_ms or 0))
        else:
            taken.span_ms = _span_ms(cursor, rules.paging) * 2
    shown_ms = cursor.search.shown_ms
    if shown_ms is not None and shown_ms > (
        taken.last_ms or 0
    ):  # what is not reached yet needs no second proof
        taken.search = replace(taken.search, shown_ms=shown_ms)
    is_mostly_new = page.is_full and 2 * len(new) >= len(page.trades)
    asks_again = question.kind != "newest" and (is_mostly_new or taken.search.shown_ms is not None)
    return Step(cursor=taken, passed=tuple(new), missing=tuple(missing), asks_again=asks_again)


def _is_continued(cursor: Cursor, question: Question, page: Page, rules: Rules) -> bool:
    """Return whether an answer continues what is known. One from before the last trade on must hold that trade."""
    if touches_known(cursor, page):
        return True
    if question.kind != "since" or not rules.paging.honours_since or not cursor.search.is_proven:
        return False
    return cursor.last_ms is None or question.since_ms >= cursor.last_ms


def _gap_before(cursor: Cursor, trade: Trade, rules: Rules, *, is_continued: bool) -> Missing | None:
    """Return what is missing between the last trade and this one, by number where trades are numbered."""
    after_ms = cursor.start_ms or 0 if cursor.last_ms is None else cursor.last_ms
    number, last = trade.number, to_number(cursor.last_id)
    if rules.is_numbered and number is not None and last is not None and number > last:
        n_missing = number - last - 1
        numbered = Missing(after_ms, trade.time_ms, n_missing, "the exchange left out numbered trades")
        return numbered if n_missing else None
    if not is_continued:  # what was published late may be missing on both sides
        cause = _BEGINS_LATER if cursor.last_ms is None else _LOST
        return Missing(max(after_ms - OVERLAP_MS, 0), trade.time_ms + OVERLAP_MS, None, cause)
    if trade.time_ms - after_ms <= rules.gap_ms:
        return None
    return Missing(after_ms, trade.time_ms, None, _BEGINS_LATER if cursor.last_ms is None else _SILENT)


def _advance(cursor: Cursor, trade: Trade) -> None:
    """Move on to a trade. A late one, numbered below the last, does not move back; numbers that begin anew do."""
    number, last = trade.number, to_number(cursor.last_id)
    is_late = number is not None and last is not None and number < last
    numbered_ms = cursor.recent_ids.get(cursor.last_id or "", cursor.last_ms or 0)
    is_anew = is_late and trade.time_ms > numbered_ms + OVERLAP_MS
    cursor.recent_ids[trade.id] = trade.time_ms
    cursor.last_ms = max(trade.time_ms, cursor.last_ms or trade.time_ms)
    if is_anew:
        cursor.counted_ms = numbered_ms
    if is_anew or not is_late:
        cursor.last_id = trade.id


def _search_on(cursor: Cursor, question: Question, page: Page, new: Sequence[Trade], rules: Rules) -> Step:
    """Return the next step after an answer that adds nothing."""
    search = cursor.search
    if question.kind == "newest":
        shown_ms = min((trade.time_ms for trade in new), default=None)
        again = replace(search, asks_newest=False, takes_newest=False, shown_ms=shown_ms)
        return Step(cursor=replace(cursor, search=again), asks_again=bool(new))
    if question.kind == "id":
        return _search_by_id(cursor, page, rules)
    if not _holds_last(cursor, question, page):
        search = replace(search, is_proven=False)
        cursor = replace(cursor, search=search)
    is_overlap = question.until_ms is not None and question.until_ms <= (cursor.last_ms or 0)
    if is_overlap or search.shown_ms is not None:
        return Step(cursor=_move_on(cursor, question, page, rules), asks_again=True)
    if rules.paging.is_complete and not page.is_full and search.is_proven:
        return Step(cursor=replace(cursor, search=_HONEST))
    return Step(cursor=replace(cursor, search=replace(search, asks_newest=True)), asks_again=page.is_full)


def _holds_last(cursor: Cursor, question: Question, page: Page) -> bool:
    """Return whether an answer has the last trade, if that is in the time that was asked for."""
    last_ms = cursor.last_ms
    if last_ms is None or question.since_ms >= last_ms or page.is_full:
        return True
    is_after_end = question.until_ms is not None and question.until_ms <= last_ms
    return is_after_end or touches_known(cursor, page)


def _search_by_id(cursor: Cursor, page: Page, rules: Rules) -> Step:
    search = cursor.search
    if not page.trades or (page.is_full and not rules.paging.newest_only):
        lost = replace(search, is_id_lost=True, asks_newest=rules.paging.newest_only)
        return Step(cursor=replace(cursor, search=lost), asks_again=True)
    is_beyond = search.shown_ms is not None  # ids that the exchange skipped, or began anew
    if is_beyond and not rules.paging.newest_only:  # what it shows is asked for by its time
        return Step(cursor=replace(cursor, search=replace(search, is_id_lost=True)), asks_again=True)
    again = replace(search, asks_newest=True, takes_newest=is_beyond)
    return Step(cursor=replace(cursor, search=again), asks_again=is_beyond)


def _move_on(cursor: Cursor, question: Question, page: Page, rules: Rules) -> Cursor:
    """Return the cursor of a later question: towards a trade that was shown, as little as is known to help."""
    search, paging, since_ms = cursor.search, rules.paging, question.since_ms
    is_proven, span_ms = search.is_proven and not page.is_full, cursor.span_ms
    if question.until_ms is not None:  # the last instant is asked for again: the end may be exclusive
        next_ms = max(question.until_ms - paging.grain_ms, since_ms + paging.grain_ms)
        span_ms = _span_ms(cursor, paging) * (1 if page.is_full else 2)
    elif page.is_full:
        is_stuck = all(trade.time_ms < since_ms for trade in page.trades)
        next_ms = (since_ms // 1_000 + 1) * 1_000 if is_stuck else since_ms + 1
    elif paging.window_ms is not None:
        next_ms = max(since_ms + paging.window_ms - 1, since_ms + 1)
    else:
        next_ms, is_proven = since_ms + rules.gap_ms, False
    furthest_ms = (search.shown_ms or cursor.last_ms or 0) - 1
    if furthest_ms <= since_ms:
        forced = replace(search, asks_newest=True, takes_newest=search.shown_ms is not None)
        return replace(cursor, search=forced)
    moved = replace(search, from_ms=min(next_ms, furthest_ms), is_proven=is_proven)
    return replace(cursor, search=moved, span_ms=span_ms)
