"""Replay of quarantined messages that the contract accepts now. A header names the original record of each.

A replay may be killed anywhere and repeated: ingestion and rebuild know the original record by the header, so that it
becomes one gold row in the end.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compaction.errors import ReplayError
from lakehouse.dedup.replay_index import ReplayIndex
from lakehouse.delta.table import open_table
from lakehouse.lake import Lake
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.corrections import EXCLUDED_RULE, read_excluded
from lakehouse.messages.record_id import RecordId, format_record_id
from lakehouse.messages.replays import REPLAY_OF_HEADER, replay_of
from lakehouse.messages.validation import Rejected, validate
from lakehouse.schema.tables import QUARANTINE

MAX_MESSAGES = 10_000
_SEND_SECONDS = 30.0
_MAX_REQUEST_BYTES = 4 * 1024 * 1024
_MESSAGES = """
SELECT topic, topic_id, kafka_partition, kafka_offset, key, value, headers
FROM {rows}
WHERE rule <> $excluded_rule AND ($rule IS NULL OR rule = $rule) AND (
    $record_ids IS NULL OR (topic_id || '/' || kafka_partition || '/' || kafka_offset) IN (SELECT unnest($record_ids))
)
ORDER BY broker_time, topic, kafka_partition, kafka_offset
"""

if TYPE_CHECKING:
    from kafka import KafkaProducer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayChoice:
    """Messages to replay: those with ``record_ids``, or those that broke a ``rule``; all where neither is given."""

    record_ids: tuple[RecordId, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayable:
    """A quarantined message that the contract accepts now and gold lacks; ``replay_of`` is its original record."""

    topic: str
    replay_of: RecordId
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """Result of a replay; ``by_topic`` counts the messages that were, or would be, published.

    ``n_published`` is 0 in a dry run. ``n_left`` are replayable beyond MAX_MESSAGES: another replay publishes them once
    the first are ingested.
    """

    by_topic: Mapping[str, int]
    n_rejected: int
    n_in_gold: int
    n_left: int
    n_published: int


def replay(lake: Lake, choice: ReplayChoice, *, kafka: Mapping[str, Any], dry_run: bool) -> ReplayReport:
    """Publish every replayable message and wait for its acknowledgement; in a dry run only count them.

    ``kafka`` are options of a client. Raises ReplayError where no broker is named or acknowledges.
    """
    rows = lake.read(
        lambda: lake.snapshot(QUARANTINE.name),
        lambda snapshot: lake.session.fetch_rows(
            _MESSAGES,
            snapshot[QUARANTINE.name].files.paths.tolist(),
            spec=QUARANTINE,
            excluded_rule=EXCLUDED_RULE,
            rule=choice.rule,
            record_ids=[format_record_id(record_id) for record_id in choice.record_ids] or None,
        ),
    )
    messages, n_rejected = _select_accepted(lake, rows)
    missing = _select_missing(lake, messages)
    chosen = missing[:MAX_MESSAGES]
    if chosen and not dry_run:
        _publish(chosen, lake.catalog.current_topics(), kafka)
    return ReplayReport(
        by_topic=Counter(message.topic for message in chosen),
        n_rejected=n_rejected,
        n_in_gold=len(messages) - len(missing),
        n_left=len(missing) - len(chosen),
        n_published=0 if dry_run else len(chosen),
    )


def _select_accepted(lake: Lake, rows: list[tuple[Any, ...]]) -> tuple[list[Replayable], int]:
    """Return the messages that would be accepted now, one for each original record, and the number of the others."""
    excluded, now_us = read_excluded(lake.catalog), time.time_ns() // 1_000
    accepted: dict[RecordId, Replayable] = {}
    n_rejected = 0
    for topic, topic_id, partition, offset, key, value, headers in rows:
        original = replay_of(headers) or (topic_id, partition, offset)
        if original in accepted or original in excluded:
            continue
        if isinstance(validate(topic, key=key, value=value, broker_time_us=now_us), Rejected):
            n_rejected += 1
            continue
        others = tuple(
            (header["key"], header["value"]) for header in headers or () if header["key"] != REPLAY_OF_HEADER
        )
        accepted[original] = Replayable(topic=topic, replay_of=original, key=key, value=value, headers=others)
    return list(accepted.values()), n_rejected


def _select_missing(lake: Lake, messages: list[Replayable]) -> list[Replayable]:
    missing = []
    build = lake.current_build(refresh=True)
    for topic, contract in CONTRACTS.items():
        of_topic = [message for message in messages if message.topic == topic]
        if of_topic:
            location = lake.catalog.table_location(contract.table.name, build)
            index = ReplayIndex(open_table(location, contract.table), location, contract.table)
            known = index.find([message.replay_of for message in of_topic])
            missing += [message for message in of_topic if message.replay_of not in known]
    return missing


def _publish(messages: list[Replayable], topic_ids: Mapping[str, str], kafka: Mapping[str, Any]) -> None:
    """Publish to the partition of the original record: of it and its replays the earlier has the lower offset."""
    if not kafka:
        raise ReplayError("CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS names no broker to publish to")
    from kafka import KafkaProducer  # of the extra `stream`: all else of the table service does without
    from kafka.errors import KafkaError

    try:
        producer = KafkaProducer(**kafka, acks="all", max_request_size=_MAX_REQUEST_BYTES)
    except KafkaError as error:
        raise ReplayError(f"no broker answers: {error}") from error
    try:
        _send_all(producer, messages, topic_ids)
    except KafkaError as error:
        raise ReplayError(f"a message was not acknowledged, repeat the replay: {error}") from error
    finally:
        producer.close(timeout=_SEND_SECONDS)


def _send_all(producer: "KafkaProducer", messages: list[Replayable], topic_ids: Mapping[str, str]) -> None:
    """Send the messages, and wait until each is acknowledged."""
    sent = []
    for message in messages:
        topic_id, partition, _ = message.replay_of
        sent.append(
            producer.send(
                message.topic,
                key=message.key,
                value=message.value,
                headers=[*message.headers, (REPLAY_OF_HEADER, format_record_id(message.replay_of).encode())],
                partition=partition if topic_ids.get(message.topic) == topic_id else None,
            )
        )
    for message, future in zip(messages, sent, strict=True):
        metadata = future.get(timeout=_SEND_SECONDS)
        logger.info(
            "replayed replay_of=%s topic=%s partition=%d offset=%d",
            format_record_id(message.replay_of),
            message.topic,
            metadata.partition,
            metadata.offset,
        )
