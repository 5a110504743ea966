"""Conditions name topic and partition, what they do to messages, and what to do; and nothing where all is well."""

import pytest

from lakehouse.delta.position import TopicPartition
from streaming.ingest.conditions import ConditionLog
from streaming.kafka.clock import Stamped
from streaming.kafka.conditions import (
    clock_conditions,
    overflow_conditions,
    timestamp_conditions,
    transaction_conditions,
)
from streaming.kafka.topics import TopicDescription

GOOD = TopicDescription("raw-price", "id-price", 2, "delete", "LogAppendTime")
BY_PRODUCERS = TopicDescription("raw-news", "id-news", 2, "delete", "CreateTime")
NOW_US = 1_790_000_000_000_000
MINUTE_US = 60_000_000


def test_topic_with_timestamps_of_producers_is_named_with_the_command_that_changes_it() -> None:
    (condition,) = timestamp_conditions([GOOD, BY_PRODUCERS])

    assert condition.where == "raw-news"
    assert "message.timestamp.type=CreateTime" in condition.problem
    assert "no_broker_time" in condition.problem
    assert condition.remedy == "python -m streaming.kafka.topics --log-append-time"


@pytest.mark.parametrize(
    ("skew_us", "side", "rule"),
    [
        (MINUTE_US, "60 s ahead of", "event_too_old"),
        (-90 * MINUTE_US, "5,400 s behind", "time_in_future"),
        (3 * 365 * 1_440 * MINUTE_US, "94,608,000 s ahead of", "event_too_old"),
    ],
)
def test_clock_that_is_off_is_named_by_partition(skew_us: int, side: str, rule: str) -> None:
    skews_us = {TopicPartition("id-price", 0): 0, TopicPartition("id-price", 1): skew_us}
    (condition,) = clock_conditions([GOOD], skews_us)

    assert condition.where == "raw-price/1"
    assert side in condition.problem
    assert rule in condition.problem
    assert "NTP" in condition.remedy


@pytest.mark.parametrize("skew_us", [0, 59_999_999, -59_999_999])
def test_clock_of_a_well_kept_machine_is_no_condition(skew_us: int) -> None:
    assert clock_conditions([GOOD], {TopicPartition("id-price", 0): skew_us}) == []


def test_timestamps_of_producers_say_nothing_of_a_brokers_clock() -> None:
    assert clock_conditions([BY_PRODUCERS], {TopicPartition("id-news", 0): 10**12}) == []


@pytest.mark.parametrize(("time_us", "n_named"), [(2**63 - 1, 0), (2**63, 1), ((2**63 - 1) * 1_000, 1)])
def test_timestamp_that_ends_sparks_query_is_named_by_its_offset(time_us: int, n_named: int) -> None:
    newest = [Stamped(TopicPartition("id-news", 1), 7, time_us), Stamped(TopicPartition("id-x", 1), 7, 2**80)]
    found = overflow_conditions([GOOD, BY_PRODUCERS], newest)

    assert [(condition.where, "offset 7" in condition.problem) for condition in found] == [
        ("raw-news/1", True)
    ] * n_named


def test_open_transaction_is_named_by_partition() -> None:
    (condition,) = transaction_conditions({("raw-price", 0): 0, ("raw-price", 1): 1_200})
    assert (condition.where, "1,200 offsets" in condition.problem) == ("raw-price/1", True)


def test_condition_is_logged_once_while_it_lasts_and_again_when_it_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = ConditionLog([GOOD, BY_PRODUCERS])
    key = TopicPartition("id-price", 0)
    with caplog.at_level("WARNING"):
        log.log_topics([Stamped(key, 3, NOW_US), Stamped(TopicPartition("id-news", 1), 9, 2**63 * 1_000)])
        for at, ahead_us in enumerate((0, 2 * MINUTE_US, 3 * MINUTE_US, 0, 2 * MINUTE_US)):
            log.observe([Stamped(key, at, NOW_US + ahead_us)], time_us=NOW_US)
            log.observe([], time_us=NOW_US)
        log.observe([Stamped(TopicPartition("id-of-another", 0), 0, NOW_US * 2)], time_us=NOW_US)

    named = [record.getMessage().split(" ")[1] for record in caplog.records]
    assert named == ["of=raw-news", "of=raw-news/1", "of=raw-price/0", "of=raw-price/0"]


def test_broker_that_falls_behind_is_told_by_the_next_record(caplog: pytest.LogCaptureFixture) -> None:
    log = ConditionLog([GOOD])
    key = TopicPartition("id-price", 1)
    log.note_ends({key: 7}, time_us=NOW_US)
    with caplog.at_level("WARNING"):
        log.observe([Stamped(key, 7, NOW_US - 61 * MINUTE_US)], time_us=NOW_US + 1_000)

    assert "of=raw-price/1 problem=the broker's clock is at least 3,660 s behind" in caplog.text
