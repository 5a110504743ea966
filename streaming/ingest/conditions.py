"""Log lines and metrics of what a cluster does to messages: when ingestion starts, and when a clock goes wrong."""

import logging
from collections.abc import Iterable, Mapping

from lakehouse.delta.position import TopicPartition
from streaming.ingest import metrics
from streaming.kafka.clock import BrokerClock, Stamped
from streaming.kafka.conditions import (
    Condition,
    clock_conditions,
    overflow_conditions,
    timestamp_conditions,
)
from streaming.kafka.topics import LOG_APPEND_TIME, TopicDescription

logger = logging.getLogger(__name__)


class ConditionLog:
    """Log of conditions, each once for as long as it lasts. One thread at a time."""

    def __init__(self, described: Iterable[TopicDescription]) -> None:
        self._described = tuple(described)
        self._topics = {topic.topic_id: topic for topic in self._described}
        self._clock = BrokerClock()
        self._lasting: set[str] = set()

    def log_topics(self, newest: Iterable[Stamped]) -> None:
        """Log what is known of topics, and of their newest timestamps, before a record is read."""
        for condition in (
            *timestamp_conditions(self._described),
            *overflow_conditions(self._described, newest),
        ):
            _log(condition)

    def note_ends(self, ends: Mapping[TopicPartition, int], *, time_us: int) -> None:
        """Note ends of partitions, and an instant before they were asked for: what comes after them is newer."""
        self._clock.note_ends(ends, time_us=time_us)

    def observe(self, newest: Iterable[Stamped], *, time_us: int) -> None:
        """Judge brokers' clocks by the newest records, which were read before ``time_us``."""
        stamped = {
            each.key: each
            for each in newest
            if each.key.topic_id in self._topics
            and self._topics[each.key.topic_id].timestamp_type == LOG_APPEND_TIME
        }
        skews_us = self._clock.skews_us(stamped.values(), time_us=time_us)
        for key, skew_us in skews_us.items():
            topic = self._topics[key.topic_id].topic
            metrics.CLOCK_SKEW_SECONDS.labels(topic, str(key.partition)).set(skew_us / 1e6)
        found = {condition.where: condition for condition in clock_conditions(self._described, skews_us)}
        for where in found.keys() - self._lasting:
            _log(found[where])
        judged = {f"{self._topics[key.topic_id].topic}/{key.partition}" for key in stamped}
        self._lasting = (self._lasting - judged) | found.keys()


def _log(condition: Condition) -> None:
    logger.warning(
        "condition of=%s problem=%s remedy=%s", condition.where, condition.problem, condition.remedy
    )
