"""Kafka records as batch ingestion reads them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from lakehouse.messages.records import RECORD_SCHEMA


def to_record(
    topic: str,
    topic_id: str,
    *,
    offset: int,
    broker_time: datetime | int,
    key: bytes | None,
    value: bytes | None,
    partition: int = 0,
) -> dict[str, Any]:
    """Return the row of one record without headers; the broker time is an instant or epoch microseconds."""
    return {
        "topic": topic,
        "topic_id": topic_id,
        "kafka_partition": partition,
        "kafka_offset": offset,
        "broker_time": broker_time,
        "key": key,
        "value": value,
        "headers": [],
    }


def to_records(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return a batch of such rows."""
    return pa.Table.from_pylist(list(rows), schema=RECORD_SCHEMA)
