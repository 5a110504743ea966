"""Publishing quarantined messages again, once the contract takes them. The header says which record each of them is.

A replay may be killed anywhere and repeated: ingestion and rebuild know an origin by the header, so that one gold row
comes of it in the end.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

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
    $places IS NULL OR (topic_id || '/' || kafka_partition || '/' || kafka_offset) IN (SELECT unnest($places))
)
ORDER BY broker_time, topic, kafka_partition, kafka_offset
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayChoice:
    """Which messages: those at ``places``, or those that broke a ``rule``; every one where neither is given."""

    places: tuple[RecordId, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayable:
    """A quarantined message that the contract of today accepts and gold has no row of."""

    topic: str
    origin: RecordId
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """``n_published`` is 0 in a dry run. ``n_left`` are replayable beyond MAX_MESSAGES; a repetition goes on with them
    once ingestion has taken in the first."""

    by_topic: Mapping[str, int]
    n_rejected: int
    n_in_gold: int
    n_left: int
    n_published: int


def replay(lake: Lake, choice: ReplayChoice, *, kafka: Mapping[str, Any], dry_run: bool) -> ReplayReport:
    """Publishes what can be replayed, each message acknowledged, or in a dry run only counts it.

    ``kafka`` are options of a client. Raises ReplayError where the brokers are not named, or do not take a message.
    """
    rows = lake.read(
        lambda: lake.snapshot(QUARANTINE.name),
        lambda snapshot: lake.session.fetch_rows(
            _MESSAGES,
            snapshot[QUARANTINE.name].files.paths.tolist(),
            spec=QUARANTINE,
            excluded_rule=EXCLUDED_RULE,
            rule=choice.rule,
            places=[format_record_id(place) for place in choice.places] or None,
        ),
    )
    messages, n_rejected = _accepted(lake, rows)
    missing = _not_in_gold(lake, messages)
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


def _accepted(lake: Lake, rows: list[tuple[Any, ...]]) -> tuple[list[Replayable], int]:
    """The messages that would be accepted if they came now, one an origin, and how many would not."""
    excluded, now_us = read_excluded(lake.catalog), time.time_ns() // 1_000
    found: dict[RecordId, Replayable] = {}
    n_rejected = 0
    for topic, topic_id, partition, offset, key, value, headers in rows:
        origin = replay_of(headers) or (topic_id, partition, offset)
        if origin in found or origin in excluded:
            continue
        if isinstance(validate(topic, key=key, value=value, broker_time_us=now_us), Rejected):
            n_rejected += 1
            continue
        kept = tuple(
            (header["key"], header["value"]) for header in headers or () if header["key"] != REPLAY_OF_HEADER
        )
        found[origin] = Replayable(topic=topic, origin=origin, key=key, value=value, headers=kept)
    return list(found.values()), n_rejected


def _not_in_gold(lake: Lake, messages: list[Replayable]) -> list[Replayable]:
    missing = []
    build = lake.current_build(refresh=True)
    for topic, contract in CONTRACTS.items():
        mine = [message for message in messages if message.topic == topic]
        if mine:
            location = lake.catalog.table_location(contract.table.name, build)
            index = ReplayIndex(open_table(location, contract.table), location, contract.table)
            known = index.find([message.origin for message in mine])
            missing += [message for message in mine if message.origin not in known]
    return missing


def _publish(messages: list[Replayable], topic_ids: Mapping[str, str], kafka: Mapping[str, Any]) -> None:
    """To the partition of the origin, so that of an origin and its replays the lower offset is the earlier one."""
    if not kafka:
        raise ReplayError("CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS names no broker to publish to")
    try:
        producer = KafkaProducer(**kafka, acks="all", max_request_size=_MAX_REQUEST_BYTES)
    except KafkaError as error:
        raise ReplayError(f"no broker answers: {error}") from error
    try:
        sent = []
        for message in messages:
            topic_id, partition, _ = message.origin
            sent.append(
                producer.send(
                    message.topic,
                    key=message.key,
                    value=message.value,
                    headers=[*message.headers, (REPLAY_OF_HEADER, format_record_id(message.origin).encode())],
                    partition=partition if topic_ids.get(message.topic) == topic_id else None,
                )
            )
        for message, future in zip(messages, sent, strict=True):
            metadata = future.get(timeout=_SEND_SECONDS)
            logger.info(
                "replayed origin=%s topic=%s partition=%d offset=%d",
                format_record_id(message.origin),
                message.topic,
                metadata.partition,
                metadata.offset,
            )
    except KafkaError as error:
        raise ReplayError(f"a message was not acknowledged, repeat the replay: {error}") from error
    finally:
        producer.close(timeout=_SEND_SECONDS)
