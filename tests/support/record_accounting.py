"""The bookkeeping that every fault test ends with: each record that Kafka delivered is accounted for, once."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from kafka import KafkaConsumer, TopicPartition

from api.tail.header_keys_patch import patch_header_keys
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import open_table
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.validation import Rejected, validate
from lakehouse.schema.tables import TABLES
from tests.support.messages import as_stored

RecordId = tuple[str, int, int]
"""(topic, partition, offset)."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One record as a consumer sees it."""

    record_id: RecordId
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    broker_time_us: int


def read_delivered(bootstrap: str, topics: tuple[str, ...] = tuple(CONTRACTS)) -> list[Delivered]:
    """Everything committed that the topics hold now."""
    patch_header_keys()
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        partitions = [
            TopicPartition(t, p) for t in topics for p in sorted(consumer.partitions_for_topic(t) or ())
        ]
        consumer.assign(partitions)
        begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        found: list[Delivered] = []
        left = {partition for partition in partitions if begins[partition] < ends[partition]}
        while left:
            for batch in consumer.poll(timeout_ms=200).values():
                found += [_to_delivered(record) for record in batch]
            left = {partition for partition in left if consumer.position(partition) < ends[partition]}
        return found
    finally:
        consumer.close()


def read_table(lake: LakeLocation, name: str) -> pa.Table:
    """Read a whole table of the served build; raise LakeNotFoundError where it does not exist yet."""
    return pa.table(_open(lake, name).to_pyarrow_table())


def n_rows(lake: LakeLocation, name: str) -> int:
    """Return the number of rows that a table's log counts; raise LakeNotFoundError where there is no table."""
    return int(_open(lake, name).count())


def _open(lake: LakeLocation, name: str) -> DeltaTable:
    catalog = Catalog(lake)
    return open_table(catalog.table_location(name, catalog.current_build()), TABLES[name])


def assert_accounted(lake: LakeLocation, delivered: list[Delivered]) -> None:
    """Assert that every record is in bronze once, byte for byte, and in exactly one of the other tables.

    Of two records with one message id gold has the lower offset; gold and quarantine hold what validation returns.
    """
    by_id = {record.record_id: record for record in delivered}
    bronze = read_table(lake, "bronze").to_pylist()
    assert Counter(_record_id(row) for row in bronze) == Counter(by_id.keys()), (
        "bronze is not what Kafka delivered"
    )
    for row in bronze:
        record = by_id[_record_id(row)]
        assert (row["key"], row["value"]) == (record.key, record.value)
        assert tuple((h["key"], h["value"]) for h in row["headers"] or ()) == record.headers
    gold = {
        topic: _with_topic(read_table(lake, c.table.name).to_pylist(), topic)
        for topic, c in CONTRACTS.items()
    }
    quarantine = read_table(lake, "quarantine").to_pylist()
    duplicates = read_table(lake, "duplicates").to_pylist()
    everywhere = Counter(_record_id(row) for rows in (*gold.values(), quarantine, duplicates) for row in rows)
    assert everywhere == Counter(by_id.keys()), "records are not exactly one of gold, quarantine, duplicate"
    for row in quarantine:
        result = _validate(by_id[_record_id(row)])
        assert isinstance(result, Rejected)
        assert (row["rule"], row["reason"]) == (result.rule, result.reason)
        assert row["value"] == by_id[_record_id(row)].value
    for topic, rows in gold.items():
        _assert_gold(topic, rows, by_id)
    stored = {row["message_id"]: _record_id(row) for rows in gold.values() for row in rows}
    for row in duplicates:
        record_id = _record_id(row)
        stored_id = stored[row["message_id"]]
        assert (row["stored_partition"], row["stored_offset"]) == stored_id[1:]
        assert stored_id[1] != record_id[1] or stored_id[2] < record_id[2], (
            f"{record_id} has the lower offset"
        )


def _assert_gold(topic: str, rows: list[dict[str, Any]], by_id: dict[RecordId, Delivered]) -> None:
    assert len({row["message_id"] for row in rows}) == len(rows), f"{topic}: a message_id twice in gold"
    for row in rows:
        result = _validate(by_id[_record_id(row)])
        assert not isinstance(result, Rejected)
        expected = as_stored(topic, result)
        for name, value in expected.items():
            stored = row[name]
            assert _plain(stored) == value, f"{topic} {name}: {stored!r} is not {value!r}"


def _plain(value: Any) -> Any:
    return int(value.timestamp() * 1_000_000 + 0.5) if hasattr(value, "timestamp") else value


def _validate(record: Delivered) -> Any:
    return validate(
        record.record_id[0], key=record.key, value=record.value, broker_time_us=record.broker_time_us
    )


def _record_id(row: dict[str, Any]) -> RecordId:
    return row["topic"], row["kafka_partition"], row["kafka_offset"]


def _with_topic(rows: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    return [row | {"topic": topic} for row in rows]


def _to_delivered(record: Any) -> Delivered:
    return Delivered(
        record_id=(record.topic, record.partition, record.offset),
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        broker_time_us=record.timestamp * 1000,
    )
