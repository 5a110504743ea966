"""Who is asked when: one source at a time, each at its own pace, never all at the same moment."""

import heapq
import random
from collections.abc import Sequence
from typing import Protocol

from streaming.collect.clock import Clock
from streaming.collect.errors import ReplayEndedError

JITTER = 0.1


class Collector(Protocol):
    """Something that is asked again and again."""

    @property
    def name(self) -> str: ...

    def first_wait_seconds(self) -> float | None: ...

    def poll(self) -> float | None:
        """Asks once; the seconds until the next time, None for never."""
        ...


def run_rounds(
    collectors: Sequence[Collector],
    clock: Clock,
    *,
    end_us: int | None = None,
    draw: random.Random | None = None,
) -> None:
    """Polls until the clock is stopped, ``end_us`` has come, or nobody wants to be asked any more.

    Waits are jittered by a tenth. Who is behind (a wait of 0) takes turns with the others that are due.
    """
    draw = draw or random.Random()
    due: list[tuple[int, int, Collector]] = []
    for number, collector in enumerate(collectors):
        wait_seconds = collector.first_wait_seconds()
        if wait_seconds is not None:
            heapq.heappush(due, (clock.now_us() + round(wait_seconds * 1e6), number, collector))
    while due:
        due_us, number, collector = heapq.heappop(due)
        until_us = due_us if end_us is None else min(due_us, end_us)
        if clock.sleep(max(0.0, (until_us - clock.now_us()) / 1e6)) or _has_ended(clock, end_us):
            return
        try:
            wait_seconds = collector.poll()
        except ReplayEndedError:
            continue
        if wait_seconds is not None:
            jittered = wait_seconds * draw.uniform(1 - JITTER, 1 + JITTER)
            heapq.heappush(due, (clock.now_us() + round(jittered * 1e6), number, collector))


def _has_ended(clock: Clock, end_us: int | None) -> bool:
    return end_us is not None and clock.now_us() >= end_us
