"""Filter of absurd prices: a jump by a thousandfold is held until later trades confirm or contradict it. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from streaming.collect.exchanges.trade import Trade

JUMP_FACTOR = 1_000.0
CONFIRMING_TRADES = 5
"""Trades in a row at a new level, none at the old one among them, that make it the market's level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levelled:
    """Trades in their order: to publish, to refuse, and still held; and the market's new level of prices."""

    level: float | None
    published: tuple[Trade, ...]
    refused: tuple[Trade, ...]
    held: tuple[Trade, ...]


def check_levels(level: float | None, held: Sequence[Trade], trades: Sequence[Trade]) -> Levelled:
    """Return which trades are published, refused and held; every given one is one of these.

    ``level`` is the last published price, ``held`` what was held before. A trade a thousandfold from the level is
    held. The next trade at the level refuses it, and so does one at a third level. CONFIRMING_TRADES in a row are
    published, and are the new level. A market without a level begins at the median of its first CONFIRMING_TRADES.
    """
    published: list[Trade] = []
    refused: list[Trade] = []
    waiting = list(held)
    for trade in trades:
        if level is None:
            level = statistics.median_low(_price(each) for each in trades[:CONFIRMING_TRADES])
        if _are_near(_price(trade), level):
            refused += waiting
            waiting = []
            published.append(trade)
            level = _price(trade)
            continue
        if waiting and not _are_near(_price(trade), _price(waiting[-1])):
            refused += waiting
            waiting = []
        waiting.append(trade)
        if len(waiting) >= CONFIRMING_TRADES:
            published += waiting
            level = _price(trade)
            waiting = []
    return Levelled(level=level, published=tuple(published), refused=tuple(refused), held=tuple(waiting))


def _price(trade: Trade) -> float:
    if trade.price is None:
        raise ValueError("a trade without a price has no level")
    return trade.price


def _are_near(price: float, other: float) -> bool:
    return price < other * JUMP_FACTOR and other < price * JUMP_FACTOR
