"""Memory of a market's handled trades: which ones of an answer are new, and whether it reaches back to them. Pure.

An answer of the newest trades may show some of long before the last, which the exchange left out when it was asked
for their time. So as many ids are remembered as an answer may hold trades.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from streaming.collect.exchanges.market_state import Cursor
from streaming.collect.exchanges.trade import Page, Trade, to_number

OVERLAP_MS = 2_000
"""Trades this much older than the last are asked for again: exchanges publish some of them late."""


def select_new(cursor: Cursor, page: Page, *, is_numbered: bool) -> tuple[Trade, ...]:
    """Return the trades of a page that the cursor has not passed, in their order; numbers tell where they have one."""
    known_from_ms = _known_from_ms(cursor)
    last = to_number(cursor.last_id)

    def is_new(trade: Trade) -> bool:
        if is_among(cursor.recent_ids, trade) or trade.time_ms < (cursor.start_ms or 0):
            return False
        if trade.time_ms >= known_from_ms:
            return True
        if not is_numbered or trade.number is None or last is None or trade.time_ms <= cursor.counted_ms:
            return False
        return trade.number > last

    return tuple(trade for trade in page.trades if is_new(trade))


def is_among(ids: Mapping[str, int], trade: Trade) -> bool:
    """Return whether a trade has one of these ids and about its time (milliseconds): ids may begin anew."""
    time_ms = ids.get(trade.id)
    return time_ms is not None and abs(time_ms - trade.time_ms) <= OVERLAP_MS


def touches_known(cursor: Cursor, page: Page) -> bool:
    """Return whether a page reaches back to what is known, or to before the history."""
    bound_ms = cursor.start_ms if cursor.last_ms is None else cursor.last_ms
    first_ms = (bound_ms or 0) - OVERLAP_MS  # a trade just before it may have been published late
    return any(trade.time_ms < first_ms or is_among(cursor.recent_ids, trade) for trade in page.trades)


def remember(cursor: Cursor, ahead: Sequence[Trade], *, n_ids: int) -> Cursor:
    """Return the cursor with the ids of handled trades: of the last OVERLAP_MS, and at least of the last ``n_ids``.

    ``ahead`` were handled beyond it. Those that it has left behind meanwhile are remembered like the ones it passed.
    """
    first_ms = (cursor.last_ms or 0) - OVERLAP_MS
    ahead_ids = cursor.ahead_ids | {each.id: each.time_ms for each in ahead}
    recent_ids = cursor.recent_ids | {each: ms for each, ms in ahead_ids.items() if ms < first_ms}
    if len(recent_ids) > n_ids:
        first_ms = min(first_ms, sorted(recent_ids.values())[-n_ids])
        recent_ids = {each: ms for each, ms in recent_ids.items() if ms >= first_ms}
    still_ahead = {each: ms for each, ms in ahead_ids.items() if each not in recent_ids}
    return replace(cursor, recent_ids=recent_ids, ahead_ids=still_ahead)


def _known_from_ms(cursor: Cursor) -> int:
    """Return the instant from which on the ids of all handled trades are remembered."""
    if cursor.last_ms is None:
        return 0
    first_ms = cursor.last_ms - OVERLAP_MS
    return min(first_ms, min(cursor.recent_ids.values(), default=first_ms))
