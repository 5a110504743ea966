"""Acceptance of lost offsets: recorded in the table `losses` first, then the positions move past them."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.schema.tables import LOSSES, TABLES
from streaming.ingest.batch import INGESTED_TABLES
from streaming.ingest.preflight import Loss, find_losses
from streaming.ingest.topic_watch import TopicWatch


def accept_losses(
    *,
    lake: LakeLocation,
    kafka: KafkaSettings,
    topics: tuple[str, ...],
    reason: str,
    accepted_by: str,
    dry_run: bool,
) -> list[Loss]:
    """Find what is lost and, unless it is a dry run, record it and move the tables past it.

    Idempotent: cut off at any point and run again, it records each range once. Ingestion goes on at its next start.
    """
    catalog = Catalog(lake)
    build = catalog.current_build()
    registered = catalog.current_topics()
    with TopicWatch(kafka, topics, threading.Event()) as watch:
        described = watch.describe()
        beginnings = {key: first for key, (first, _) in watch.offsets().items()}
    tables = {
        spec.name: ensure_table(catalog.table_location(spec.name, build), spec) for spec in INGESTED_TABLES
    }
    positions = {name: read_position(table, registered.values()) for name, table in tables.items()}
    losses = find_losses(
        positions=positions, registered=registered, described=described, beginnings=beginnings
    )
    if dry_run or not losses:
        return losses
    _record(catalog, losses, reason=reason, accepted_by=accepted_by)
    for name, table in tables.items():
        expired = [loss for loss in losses if loss.table == name and loss.to_offset is not None]
        advanced = {TopicPartition(loss.topic_id, loss.partition): loss.to_offset or 0 for loss in expired}
        if advanced:
            expected = {key: positions[name][key] for key in advanced}
            empty = TABLES[name].to_arrow_schema().empty_table()
            append(table, TABLES[name], empty, expected=expected, advanced=advanced)
    for loss in losses:
        if loss.cause == "recreated":
            catalog.register_topic(topic=loss.topic, topic_id=described[loss.topic].topic_id)
    return losses


def _record(catalog: Catalog, losses: Iterable[Loss], *, reason: str, accepted_by: str) -> None:
    table = ensure_table(catalog.location.child(LOSSES.name), LOSSES)
    known = pa.table(
        table.to_pyarrow_table(columns=["table_name", "topic_id", "kafka_partition", "from_offset"])
    )
    recorded = {tuple(row.values()) for row in known.to_pylist()}
    now = datetime.now(UTC)
    rows = [
        {
            "table_name": loss.table,
            "topic": loss.topic,
            "topic_id": loss.topic_id,
            "kafka_partition": loss.partition,
            "from_offset": loss.from_offset,
            "to_offset": loss.to_offset,
            "cause": loss.cause,
            "reason": reason,
            "accepted_by": accepted_by,
            "accepted_time": now,
        }
        for loss in losses
        if (loss.table, loss.topic_id, loss.partition, loss.from_offset) not in recorded
    ]
    if rows:
        append(
            table,
            LOSSES,
            pa.Table.from_pylist(rows, schema=LOSSES.to_arrow_schema()),
            expected={},
            advanced={},
        )
