"""Check of trades' times against this machine's clock and the exchange's: which one is wrong, trade or clock."""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from lakehouse.messages.contract import EARLIEST_EVENT_TIME
from lakehouse.time_range import to_us
from streaming.collect.exchanges.trade import Page, Trade

MAX_AHEAD_MS = 300_000
WRONG_CLOCK_MS = 60_000
"""Clocks may differ by less: the Date header has whole seconds, and an answer takes its time."""
_EARLIEST_MS = to_us(EARLIEST_EVENT_TIME) // 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPage:
    """Trades up to the first that this machine's clock has not reached.

    ``impossible``: trades, by id, whose own times are wrong; in ``page`` they have the time of a neighbour.
    ``n_ahead``: trades that wait for the clock to be set. ``clock_offset_ms``: how far the exchange's clock is ahead
    of this machine's; None where both seem right.
    """

    page: Page
    impossible: dict[str, Trade]
    n_ahead: int
    clock_offset_ms: int | None


def check_times(page: Page, *, now_ms: int, refused_ids: Collection[str] = ()) -> TimedPage:
    """Tell trades with impossible times from a wrong clock. Those of ``refused_ids`` are known, and left out.

    A trade after ``now_ms`` speaks against this machine's clock where the exchange's own clock has reached it, or,
    where the exchange tells no time, where no later trade of the page has a possible time.
    """
    latest_ms = now_ms + MAX_AHEAD_MS
    exchange_latest_ms = None if page.exchange_ms is None else page.exchange_ms + MAX_AHEAD_MS
    impossible: dict[str, Trade] = {}
    kept: list[Trade] = []
    n_ahead, furthest_ms = 0, now_ms
    neighbour_ms: int | None = None
    for trade in reversed(page.trades):
        is_ahead = trade.time_ms > latest_ms
        is_reached = (
            neighbour_ms is None if exchange_latest_ms is None else trade.time_ms <= exchange_latest_ms
        )
        if trade.time_ms < _EARLIEST_MS or (is_ahead and not is_reached):
            if trade.id not in refused_ids:
                impossible[trade.id] = trade
                kept.append(trade)
        elif is_ahead:
            n_ahead += 1 + len(kept)
            furthest_ms = max(furthest_ms, trade.time_ms)
            kept.clear()
        else:
            neighbour_ms = trade.time_ms
            kept.append(trade)
    exchange_ms = page.exchange_ms or furthest_ms
    offset_ms = exchange_ms - now_ms
    return TimedPage(
        page=dataclasses.replace(page, trades=_with_possible_times(kept[::-1], impossible)),
        impossible=impossible,
        n_ahead=n_ahead,
        clock_offset_ms=offset_ms if n_ahead or abs(offset_ms) >= WRONG_CLOCK_MS else None,
    )


def _with_possible_times(trades: list[Trade], impossible: Collection[str]) -> tuple[Trade, ...]:
    """Return trades with each impossible time replaced by that of the last possible one, or the first.

    Without any possible time there are none: nothing tells where the others belong.
    """
    first = next((trade.time_ms for trade in trades if trade.id not in impossible), None)
    if first is None:
        return ()
    timed, time_ms = [], first
    for trade in trades:
        if trade.id in impossible:
            timed.append(msgspec.structs.replace(trade, time_ms=time_ms))
        else:
            time_ms = trade.time_ms
            timed.append(trade)
    return tuple(timed)
