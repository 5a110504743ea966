"""Scheduling of the collectors' requests."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.collect.clock import SystemClock
from streaming.collect.rounds import run_rounds, run_side_by_side
from tests.streaming.collect.conftest import SetClock


@dataclass
class FakeCollector:
    """A collector with given waits, which notes when it was polled."""

    name: str
    clock: SetClock
    waits: list[float | None]
    first_wait: float | None = 0.0
    at_seconds: list[float] = field(default_factory=list)
    steps_us: list[int] = field(default_factory=list)

    def first_wait_seconds(self) -> float | None:
        return self.first_wait

    def poll(self) -> float | None:
        self.at_seconds.append(self.clock.elapsed_us() / 1e6)
        self.clock.at_us += self.steps_us.pop(0) if self.steps_us else 0
        return self.waits.pop(0) if len(self.waits) > 1 else self.waits[0]


def test_each_is_polled_at_its_own_pace_with_a_jitter(clock: SetClock) -> None:
    fast, slow = FakeCollector("fast", clock, [10.0]), FakeCollector("slow", clock, [30.0])

    run_rounds([fast, slow], clock, seconds=600.0, draw=random.Random(1))

    assert 54 <= len(fast.at_seconds) <= 67
    assert 18 <= len(slow.at_seconds) <= 23
    steps = [after - before for before, after in pairwise(fast.at_seconds)]
    assert min(steps) >= 9.0
    assert max(steps) <= 11.0
    assert len(set(steps)) > 30


def test_whoever_is_behind_takes_turns_with_the_others(clock: SetClock) -> None:
    behind, other = (
        FakeCollector("behind", clock, [0.0, 0.0, 0.0, None]),
        FakeCollector("other", clock, [None]),
    )

    run_rounds([behind, other], clock)

    assert behind.at_seconds == [0.0, 0.0, 0.0, 0.0]
    assert other.at_seconds == [0.0]


def test_a_source_that_is_gone_is_not_polled_and_a_first_wait_is_respected(clock: SetClock) -> None:
    gone, waiting = (
        FakeCollector("gone", clock, [1.0], first_wait=None),
        FakeCollector("late", clock, [None], first_wait=90.0),
    )

    run_rounds([gone, waiting], clock)

    assert gone.at_seconds == []
    assert waiting.at_seconds == [90.0]


@given(
    steps_us=st.lists(st.integers(-86_400_000_000, 86_400_000_000), max_size=20), seed=st.integers(0, 1_000)
)
def test_a_time_of_day_that_is_set_changes_no_wait(steps_us: list[int], seed: int) -> None:
    def polled_seconds(steps_us: list[int]) -> list[list[float]]:
        clock = SetClock()
        pair = [
            FakeCollector("setter", clock, [10.0], steps_us=list(steps_us)),
            FakeCollector("other", clock, [7.0]),
        ]
        run_rounds(pair, clock, seconds=120.0, draw=random.Random(seed))
        return [each.at_seconds for each in pair]

    assert polled_seconds(steps_us) == polled_seconds([])


@dataclass
class Scripted:
    """A collector whose poll is a function of the test."""

    name: str
    poll: Callable[[], float | None]

    def first_wait_seconds(self) -> float | None:
        return 0.0


def test_no_source_waits_for_the_request_of_another() -> None:
    answered = threading.Event()

    def wait_for_the_other() -> float | None:
        assert answered.wait(30)
        return None

    def answer() -> float | None:
        answered.set()
        return None

    stopping = threading.Event()

    run_side_by_side(
        [[Scripted("slow", wait_for_the_other)], [Scripted("quick", answer)]],
        SystemClock(stopping),
        stop=stopping.set,
    )

    assert not stopping.is_set()


def test_what_one_raises_ends_all_and_is_raised() -> None:
    stopping = threading.Event()

    def fail() -> float | None:
        raise LookupError("no state")

    with pytest.raises(LookupError, match="no state"):
        run_side_by_side(
            [[Scripted("sleeper", lambda: 3_600.0)], [Scripted("failing", fail)]],
            SystemClock(stopping),
            stop=stopping.set,
        )

    assert stopping.is_set()
