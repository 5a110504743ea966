"""Exclusion of a wrong message from gold: recorded with who and why, then what came since its day is rebuilt."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table
from lakehouse.lake import Lake
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.corrections import read_excluded
from lakehouse.messages.record_id import RecordId, format_record_id
from lakehouse.schema.tables import BRONZE, CORRECTIONS, DUPLICATES, TABLES
from lakehouse.series.markets import DEFAULT_RULES, MarketRules
from lakehouse.time_range import format_us
from streaming.errors import NotExcludableError
from streaming.ingest.rebuild import rebuild

_OF_RECORD = "topic_id = $topic_id AND kafka_partition = $partition AND kafka_offset = $offset"
_RECORD = f"SELECT topic, epoch_us(broker_time) FROM {{rows}} WHERE {_OF_RECORD}"
_ROW = f"SELECT event_date::VARCHAR, message_id FROM {{rows}} WHERE {_OF_RECORD}"
_COPIES = """
SELECT count(*), epoch_us(min(broker_time)) FROM {rows}
WHERE stored_topic_id = $topic_id AND stored_partition = $partition AND stored_offset = $offset
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Message that is, or would be, excluded. ``event_date`` and ``message_id`` are None where gold has no row of it.

    Of its ``n_copies`` the first becomes the gold row then: where they are wrong too, each has to be excluded.
    """

    topic: str
    record_id: RecordId
    event_date: str | None
    message_id: str | None
    n_copies: int
    since_us: int

    def in_words(self) -> str:
        result = "no row of gold" if self.message_id is None else f"{self.message_id} of {self.event_date}"
        copies = f"; the first of its {self.n_copies} copies replaces it" if self.n_copies else ""
        return (
            f"{format_record_id(self.record_id)} of {self.topic}, which is {result}{copies}; "
            f"what came since {format_us(self.since_us)[:10]} is rebuilt"
        )


def find_exclusion(lake: LakeLocation, record_id: RecordId) -> Exclusion:
    """Return what excluding a message would change. Raises: NotExcludableError for one that bronze does not hold."""
    reader = Lake(lake)
    records = _fetch(reader, BRONZE.name, _RECORD, record_id)
    if not records:
        raise NotExcludableError(format_record_id(record_id))
    topic, broker_us = records[0]
    rows = _fetch(reader, CONTRACTS[topic].table.name, _ROW, record_id)
    ((n_copies, first_copy_us),) = _fetch(reader, DUPLICATES.name, _COPIES, record_id) or [(0, None)]
    event_date, message_id = rows[0] if rows else (None, None)
    return Exclusion(
        topic=topic,
        record_id=record_id,
        event_date=event_date,
        message_id=message_id,
        n_copies=n_copies,
        since_us=broker_us if first_copy_us is None else min(broker_us, first_copy_us),
    )


def exclude(
    *,
    lake: LakeLocation,
    record_id: RecordId,
    reason: str,
    excluded_by: str,
    progress: Callable[[str], None],
    runtime_dir: Path,
    market_rules: MarketRules = DEFAULT_RULES,
) -> Build:
    """Record the exclusion and serve a build without the message, its rollups, scores and stories included.

    Idempotent: cut off at any point and run again, the message is recorded once. Raises NotExcludableError.
    """
    exclusion = find_exclusion(lake, record_id)
    if record_id not in read_excluded(Catalog(lake)):
        _record(lake, exclusion, reason=reason, excluded_by=excluded_by)
    return rebuild(
        lake=lake,
        reason=f"{format_record_id(record_id)} excluded: {reason}",
        progress=progress,
        since_us=exclusion.since_us,
        runtime_dir=runtime_dir,
        market_rules=market_rules,
    )


def _record(lake: LakeLocation, exclusion: Exclusion, *, reason: str, excluded_by: str) -> None:
    topic_id, partition, offset = exclusion.record_id
    row = {
        "topic": exclusion.topic,
        "topic_id": topic_id,
        "kafka_partition": partition,
        "kafka_offset": offset,
        "reason": reason,
        "excluded_by": excluded_by,
        "excluded_time": datetime.now(UTC),
    }
    table = ensure_table(lake.child(CORRECTIONS.name), CORRECTIONS)
    rows = pa.Table.from_pylist([row], schema=CORRECTIONS.to_arrow_schema())
    append(table, CORRECTIONS, rows, expected={}, advanced={})


def _fetch(reader: Lake, name: str, statement: str, record_id: RecordId) -> list[tuple[Any, ...]]:
    topic_id, partition, offset = record_id
    return reader.read(
        lambda: reader.snapshot(name),
        lambda snapshot: reader.session.fetch_rows(
            statement,
            snapshot[name].files.paths.tolist(),
            spec=TABLES[name],
            topic_id=topic_id,
            partition=partition,
            offset=offset,
        ),
    )
