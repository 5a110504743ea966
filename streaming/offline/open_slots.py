"""Slots of time in which the offline exchange trades, numbered without holes over its outages."""

from dataclasses import dataclass

import numpy as np

from streaming.feed.noise import Ints
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.interruptions import outages_since_1970


@dataclass(frozen=True, slots=True, eq=False)
class OpenSlots:
    """Slots of equal width since 1970 that begin in no outage, as numbers 0, 1, 2, ... in the order of time.

    ``begins`` are the first slots of the outages, ``closed`` the number of closed slots up to the end of each.
    """

    begins: Ints
    closed: Ints

    @staticmethod
    def of(model: MarketModel, venue: str, *, slot_us: int, until_us: int) -> "OpenSlots":
        """Return the open slots of a venue up to an instant."""
        begins_us, ends_us = outages_since_1970(model, venue, until_us)
        begins, ends = -(-begins_us // slot_us), -(-ends_us // slot_us)
        return OpenSlots(begins, np.cumsum(ends - begins))

    def count_before(self, slot: int) -> int:
        """Return how many open slots there are before one."""
        n_begun = int(np.searchsorted(self.begins, slot, side="left"))
        if not n_begun:
            return slot
        closed_before = int(self.closed[n_begun - 2]) if n_begun > 1 else 0
        of_last = int(self.closed[n_begun - 1]) - closed_before
        return slot - closed_before - min(of_last, slot - int(self.begins[n_begun - 1]))

    def slots(self, numbers: Ints) -> Ints:
        """Return the slots that have these numbers."""
        closed = np.concatenate(([0], self.closed))
        first_after = self.begins - closed[:-1]
        slots: Ints = numbers + closed[np.searchsorted(first_after, numbers, side="right")]
        return slots
