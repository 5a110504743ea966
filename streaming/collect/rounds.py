"""Scheduler of the collectors: sources side by side, each at its own pace, waits jittered."""

import heapq
import random
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Protocol

from streaming.collect.clock import Clock
from streaming.collect.errors import PlaybackEndedError

JITTER = 0.1


class Collector(Protocol):
    """Something that is polled repeatedly."""

    @property
    def name(self) -> str: ...

    def first_wait_seconds(self) -> float | None: ...

    def poll(self) -> float | None:
        """Request once, and return the seconds until the next time; None for never."""
        ...


def run_side_by_side(
    groups: Sequence[Sequence[Collector]],
    clock: Clock,
    *,
    seconds: float | None = None,
    stop: Callable[[], None],
) -> None:
    """Run the rounds of each group in a thread of its own: none waits for the requests of another.

    What the rounds of one raise ends all: ``stop`` wakes the sleepers, and it is raised here. A request that takes its
    time then is left to its thread.
    """
    ends: SimpleQueue[BaseException | None] = SimpleQueue()

    def run(group: Sequence[Collector]) -> None:
        try:
            run_rounds(group, clock, seconds=seconds)
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            ends.put(error)
        else:
            ends.put(None)

    for group in groups:
        threading.Thread(target=run, args=(group,), name=group[0].name, daemon=True).start()
    for _ in groups:
        error = ends.get()
        if error is not None:
            stop()
            raise error


def run_rounds(
    collectors: Sequence[Collector],
    clock: Clock,
    *,
    seconds: float | None = None,
    draw: random.Random | None = None,
) -> None:
    """Poll until the clock is stopped, ``seconds`` have passed, or no collector wants another poll.

    Waits are jittered by a tenth, and go on as they are when the time of day is set. A collector that is behind
    (a wait of 0) takes turns with the others that are due.
    """
    draw = draw or random.Random()
    end_us = None if seconds is None else clock.elapsed_us() + round(seconds * 1e6)
    due: list[tuple[int, int, Collector]] = []
    for number, collector in enumerate(collectors):
        wait_seconds = collector.first_wait_seconds()
        if wait_seconds is not None:
            heapq.heappush(due, (clock.elapsed_us() + round(wait_seconds * 1e6), number, collector))
    while due:
        due_us, number, collector = heapq.heappop(due)
        until_us = due_us if end_us is None else min(due_us, end_us)
        is_stopped = clock.sleep(max(0.0, (until_us - clock.elapsed_us()) / 1e6))
        if is_stopped or (end_us is not None and clock.elapsed_us() >= end_us):
            return
        try:
            wait_seconds = collector.poll()
        except PlaybackEndedError:
            continue
        if wait_seconds is not None:
            jittered_seconds = wait_seconds * draw.uniform(1 - JITTER, 1 + JITTER)
            heapq.heappush(due, (clock.elapsed_us() + round(jittered_seconds * 1e6), number, collector))
