"""Conditions of a cluster under which messages are refused or wait: each named with its topic, and what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse.delta.position import TopicPartition
from lakehouse.messages.contract import MAX_EVENT_AGE, MAX_FUTURE
from streaming.kafka.clock import TOLERANCE_US, Stamped
from streaming.kafka.topics import LOG_APPEND_TIME, TopicDescription

MAX_SPARK_TIME_US = 2**63 - 1
"""Spark holds timestamps as microseconds in 64 bits, Kafka as milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a topic, or of one of its partitions."""

    topic: str
    partition: int | None = None
    problem: str
    remedy: str

    @property
    def where(self) -> str:
        """Name of what it concerns: `raw-price`, or `raw-price/0` for a partition."""
        return self.topic if self.partition is None else f"{self.topic}/{self.partition}"


def timestamp_conditions(described: Iterable[TopicDescription]) -> list[Condition]:
    """Return a condition for each topic whose records carry their producers' clocks."""
    return [
        Condition(
            topic=topic.topic,
            problem=f"message.timestamp.type={topic.timestamp_type}: records have their producers' timestamps, so that "
            "one without a timestamp is refused (no_broker_time), and one of a wrong clock as time_in_future or "
            "event_too_old",
            remedy="python -m streaming.kafka.topics --log-append-time",
        )
        for topic in described
        if topic.timestamp_type != LOG_APPEND_TIME
    ]


def clock_conditions(
    described: Iterable[TopicDescription], skews_us: Mapping[TopicPartition, int]
) -> list[Condition]:
    """Return a condition for each partition whose broker's clock is off, by the skews of `BrokerClock`.

    Topics with their producers' timestamps are left out: those say nothing of a broker's clock.
    """
    topics = {topic.topic_id: topic.topic for topic in described if topic.timestamp_type == LOG_APPEND_TIME}
    return [
        Condition(
            topic=topics[key.topic_id],
            partition=key.partition,
            problem=_skew_in_words(skew_us),
            remedy="correct the clock of the broker, or of this machine (NTP); what was refused meanwhile: "
            "python -m compaction quarantine replay",
        )
        for key, skew_us in sorted(skews_us.items())
        if abs(skew_us) >= TOLERANCE_US and key.topic_id in topics
    ]


def overflow_conditions(described: Iterable[TopicDescription], newest: Iterable[Stamped]) -> list[Condition]:
    """Return a condition for each partition with a timestamp that Spark cannot read: its query ends at the record."""
    topics = {topic.topic_id: topic.topic for topic in described}
    return [
        Condition(
            topic=topics[stamped.key.topic_id],
            partition=stamped.key.partition,
            problem=f"the timestamp of offset {stamped.offset} is beyond what Spark can read: ingestion and analysis "
            "end there with `long overflow`",
            remedy=f"remove the records up to offset {stamped.offset} (kafka-delete-records.sh), accept that with "
            "python -m streaming.ingest accept-loss, and let brokers stamp: python -m streaming.kafka.topics "
            "--log-append-time",
        )
        for stamped in newest
        if stamped.broker_time_us > MAX_SPARK_TIME_US and stamped.key.topic_id in topics
    ]


def transaction_conditions(n_undecided: Mapping[tuple[str, int], int]) -> list[Condition]:
    """Return a condition for each partition with offsets beyond an open transaction: {(topic, partition): number}."""
    return [
        Condition(
            topic=topic,
            partition=partition,
            problem=f"{n_offsets:,} offsets wait for the end of a transaction that a producer left open",
            remedy="if it stays: kafka-transactions.sh find-hanging, then abort; the broker ends it by itself after "
            "the producer's transaction.timeout.ms",
        )
        for (topic, partition), n_offsets in sorted(n_undecided.items())
        if n_offsets > 0
    ]


def _skew_in_words(skew_us: int) -> str:
    seconds = f"{abs(skew_us) // 1_000_000:,} s"
    if skew_us < 0:
        minutes = MAX_FUTURE.seconds // 60
        return (
            f"the broker's clock is at least {seconds} behind this machine's: events over {minutes} minutes ahead of "
            "the broker's time are refused (time_in_future)"
        )
    return (
        f"the broker's clock is at least {seconds} ahead of this machine's: events look older than they are, and are "
        f"refused from {MAX_EVENT_AGE.days} days on (event_too_old)"
    )
