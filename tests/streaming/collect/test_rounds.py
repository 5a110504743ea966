"""Who is asked when."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

from streaming.collect.rounds import run_rounds
from tests.streaming.collect.conftest import NOON_US, SetClock

MINUTE_US = 60_000_000


@dataclass
class Asked:
    """Says how long it wishes to wait, and notes when it was asked."""

    name: str
    clock: SetClock
    waits: list[float | None]
    first_wait: float | None = 0.0
    at_seconds: list[float] = field(default_factory=list)

    def first_wait_seconds(self) -> float | None:
        return self.first_wait

    def poll(self) -> float | None:
        self.at_seconds.append((self.clock.at_us - NOON_US) / 1e6)
        return self.waits.pop(0) if len(self.waits) > 1 else self.waits[0]


def test_each_is_asked_at_its_own_pace_with_a_jitter(clock: SetClock) -> None:
    fast, slow = Asked("fast", clock, [10.0]), Asked("slow", clock, [30.0])

    run_rounds([fast, slow], clock, end_us=NOON_US + 10 * MINUTE_US, draw=random.Random(1))

    assert 54 <= len(fast.at_seconds) <= 67
    assert 18 <= len(slow.at_seconds) <= 23
    steps = [after - before for before, after in pairwise(fast.at_seconds)]
    assert min(steps) >= 9.0
    assert max(steps) <= 11.0
    assert len(set(steps)) > 30


def test_whoever_is_behind_takes_turns_with_the_others(clock: SetClock) -> None:
    behind, other = Asked("behind", clock, [0.0, 0.0, 0.0, None]), Asked("other", clock, [None])

    run_rounds([behind, other], clock)

    assert behind.at_seconds == [0.0, 0.0, 0.0, 0.0]
    assert other.at_seconds == [0.0]


def test_who_is_gone_is_not_asked_and_who_wishes_to_wait_is_waited_for(clock: SetClock) -> None:
    gone, waiting = (
        Asked("gone", clock, [1.0], first_wait=None),
        Asked("late", clock, [None], first_wait=90.0),
    )

    run_rounds([gone, waiting], clock)

    assert gone.at_seconds == []
    assert waiting.at_seconds == [90.0]
