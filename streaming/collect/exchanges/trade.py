"""Trades of an exchange, and pages of them, as the client returns them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import msgspec

_MAX_DIGITS = 30


class Trade(msgspec.Struct, frozen=True):
    """One trade. ``price`` is None where the exchange gave no valid one; ``raw_text`` is the beginning of its JSON.

    ``is_nameless``: the exchange gives no ids, so that this one is made of the trade's values.
    """

    id: str
    time_ms: int
    price: float | None
    amount: float | None
    raw_text: str
    is_nameless: bool = False

    def renamed(self, trade_id: str) -> "Trade":
        """Return the trade under another id."""
        return msgspec.structs.replace(self, id=trade_id)

    @property
    def number(self) -> int | None:
        """The id as a number; None where it is none."""
        return to_number(self.id)


def to_number(trade_id: str | None) -> int | None:
    """Return an id as a number; None where it is none, or has more digits than any exchange counts to."""
    if trade_id is None or len(trade_id) > _MAX_DIGITS or not (trade_id.isascii() and trade_id.isdigit()):
        return None
    return int(trade_id)


def in_order(trades: Sequence[Trade], *, by_number: bool) -> tuple[Trade, ...]:
    """Return trades by number where numbers are their order, else by time.

    Equal ones without ids are told apart; a trade that is listed twice is one.
    """
    seen: Counter[str] = Counter()
    named: dict[tuple[str, int], Trade] = {}
    for trade in trades:
        seen[trade.id] += 1
        is_copy = trade.is_nameless and seen[trade.id] > 1
        distinct = trade.renamed(f"{trade.id}-{seen[trade.id]}") if is_copy else trade
        named.setdefault((distinct.id, distinct.time_ms), distinct)
    if by_number and all(trade.number is not None for trade in named.values()):
        return _as_counted(sorted(named.values(), key=lambda trade: trade.number or 0))
    return tuple(sorted(named.values(), key=lambda trade: (trade.time_ms, len(trade.id), trade.id)))


def _as_counted(trades: Sequence[Trade]) -> tuple[Trade, ...]:
    """Return trades that ascend by number as they were numbered: where the count began anew, the low ones are last."""
    for place, (lower, upper) in enumerate(pairwise(trades), start=1):
        if (upper.number or 0) > (lower.number or 0) + 1 and upper.time_ms < lower.time_ms:
            counted = (*trades[place:], *trades[:place])
            if all(before.time_ms <= after.time_ms for before, after in pairwise(counted)):
                return counted
    return tuple(trades)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request for trades: from an instant (to another one), from an id, or the newest ones."""

    kind: Literal["since", "id", "newest"]
    since_ms: int = 0
    until_ms: int | None = None
    first_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Trades in the order of time, or of their numbers; ``is_full`` where the exchange may have more.

    ``unreadable`` are raw texts without a readable time, or of another market. ``exchange_ms`` is the exchange's own
    clock, if it told.
    """

    trades: tuple[Trade, ...]
    is_full: bool
    unreadable: tuple[str, ...] = ()
    exchange_ms: int | None = None
