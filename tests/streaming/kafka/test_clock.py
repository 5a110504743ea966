"""Judgements of brokers' clocks: never more than they are off, never to the wrong side, and at once by a new record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.delta.position import TopicPartition
from streaming.kafka.clock import BrokerClock, Stamped

KEY = TopicPartition("id-1", 0)
HOUR_US = 3_600_000_000
YEAR_US = 365 * 24 * HOUR_US
NOW_US = 1_790_000_000_000_000


def skew(clock: BrokerClock, *, offset: int, broker_time_us: int, time_us: int) -> int:
    return clock.skews_us([Stamped(KEY, offset, broker_time_us)], time_us=time_us)[KEY]


@given(
    skew_us=st.integers(-20 * YEAR_US, 20 * YEAR_US),
    steps=st.lists(
        st.tuples(st.sampled_from(("append", "read", "ends")), st.integers(0, HOUR_US)),
        min_size=1,
        max_size=30,
    ),
)
def test_judgement_is_a_lower_bound_of_any_constant_skew(skew_us: int, steps: list[tuple[str, int]]) -> None:
    clock, now_us, stamps = BrokerClock(), NOW_US, list[int]()
    for step, elapsed_us in steps:
        now_us += elapsed_us
        if step == "append":
            stamps.append(now_us + skew_us)
        elif step == "ends":
            clock.note_ends({KEY: len(stamps)}, time_us=now_us)
        elif stamps:
            found = skew(clock, offset=len(stamps) - 1, broker_time_us=stamps[-1], time_us=now_us)
            assert min(skew_us, 0) <= found <= max(skew_us, 0)


@pytest.mark.parametrize("skew_us", [61_000_000, HOUR_US, 3 * YEAR_US, -61_000_000, -HOUR_US, -3 * YEAR_US])
def test_first_new_record_shows_the_whole_skew(skew_us: int) -> None:
    clock = BrokerClock()
    clock.note_ends({KEY: 5}, time_us=NOW_US)
    assert skew(clock, offset=5, broker_time_us=NOW_US + skew_us, time_us=NOW_US) == skew_us


def test_old_records_say_nothing_of_a_clock() -> None:
    clock = BrokerClock()
    assert skew(clock, offset=4, broker_time_us=NOW_US - YEAR_US, time_us=NOW_US) == 0
    clock.note_ends({KEY: 5}, time_us=NOW_US)
    assert skew(clock, offset=4, broker_time_us=NOW_US - YEAR_US, time_us=NOW_US + HOUR_US) == 0


def test_backlog_that_was_written_after_the_ends_were_noted_says_nothing() -> None:
    clock = BrokerClock()
    clock.note_ends({KEY: 5}, time_us=NOW_US)
    assert skew(clock, offset=5_000, broker_time_us=NOW_US + HOUR_US, time_us=NOW_US + 2 * HOUR_US) == 0


@pytest.mark.parametrize("n_behind", [0, 1, 2, 5, 14])
@pytest.mark.parametrize("skew_us", [-61_000_000, -HOUR_US, -3 * YEAR_US])
def test_steady_stream_that_is_read_some_batches_behind_shows_a_slow_clock(
    skew_us: int, n_behind: int
) -> None:
    clock, found = BrokerClock(), []
    for batch in range(20):
        now_us = NOW_US + batch * 250_000
        clock.note_ends({KEY: 10 * batch}, time_us=now_us)
        if batch >= n_behind:
            read = batch - n_behind
            appended_us = NOW_US + read * 250_000 + 100_000
            found.append(
                skew(
                    clock,
                    offset=10 * read + 9,
                    broker_time_us=appended_us + skew_us,
                    time_us=now_us + 200_000,
                )
            )
    assert set(found) == {skew_us + 100_000}


def test_stream_that_is_read_far_behind_shows_a_slow_clock_in_bounded_memory() -> None:
    clock = BrokerClock()
    for batch in range(1_000):
        clock.note_ends({KEY: 10 * batch}, time_us=NOW_US + batch * 250_000)
    assert skew(clock, offset=9, broker_time_us=NOW_US - HOUR_US, time_us=NOW_US + HOUR_US) == -HOUR_US
    newest_us = NOW_US + 999 * 250_000
    assert skew(clock, offset=9_990, broker_time_us=newest_us - HOUR_US, time_us=newest_us) == -HOUR_US


def test_quiet_partition_shows_the_whole_skew_by_its_next_record() -> None:
    clock = BrokerClock()
    for hours in range(5):
        clock.note_ends({KEY: 7}, time_us=NOW_US + hours * HOUR_US)
    now_us = NOW_US + 4 * HOUR_US
    assert skew(clock, offset=7, broker_time_us=now_us - HOUR_US, time_us=now_us + 1) == -HOUR_US


def test_log_that_has_lost_records_is_judged_from_its_new_end_on() -> None:
    clock = BrokerClock()
    clock.note_ends({KEY: 100}, time_us=NOW_US)
    clock.note_ends({KEY: 40}, time_us=NOW_US + HOUR_US)
    found = skew(clock, offset=40, broker_time_us=NOW_US, time_us=NOW_US + HOUR_US)
    assert found == -HOUR_US
