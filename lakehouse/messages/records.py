"""Kafka records as Arrow rows, split by validation into gold rows and quarantine rows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.messages.compiled import to_arrow
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.corrections import Excluded, find_exclusion
from lakehouse.messages.record_id import RecordId, format_record_id
from lakehouse.messages.replays import replays_of
from lakehouse.messages.validation import Rejected, Row, message_columns, validator_of
from lakehouse.schema.spec import HEADER_LIST, TableSpec, to_arrow_type
from lakehouse.schema.tables import QUARANTINE

RECORD_SCHEMA = pa.schema(
    [
        ("topic", pa.string()),
        ("topic_id", pa.string()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("broker_time", pa.timestamp("us", tz="UTC")),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("headers", to_arrow_type(HEADER_LIST)),
    ]
)
"""One Kafka message of one or several topics, as bronze keeps it (without ingest_time and broker_date)."""


@dataclass(frozen=True, slots=True)
class ValidatedBatch:
    """Validated records of one topic. Every record is in exactly one of the two.

    ``accepted`` has the gold table's columns, ``rejected`` quarantine's, both without ingest_time.
    """

    accepted: pa.Table
    rejected: pa.Table


def validate_batch(topic: str, records: pa.Table, *, excluded: Excluded | None = None) -> ValidatedBatch:
    """Split the records of one topic into accepted and rejected ones, in the records' order.

    A record that an operator ``excluded`` is rejected, and its replays with it.
    """
    validate = validator_of(topic)
    times_us = records["broker_time"].cast(pa.int64()).to_pylist()
    results = list(map(validate, records["key"].to_pylist(), records["value"].to_pylist(), times_us))
    originals = replays_of(records["headers"])
    if excluded:
        _apply_exclusions(results, records, originals, excluded)
    rejections = [result for result in results if isinstance(result, Rejected)]
    rows = [result for result in results if not isinstance(result, Rejected)]
    if not rejections:
        return ValidatedBatch(to_gold_rows(topic, records, rows, originals), to_arrow_rows(QUARANTINE, {}, 0))
    is_accepted = [not isinstance(result, Rejected) for result in results]
    mask = pa.array(is_accepted, pa.bool_())
    of_rows = None if originals is None else list(compress(originals, is_accepted))
    accepted = to_gold_rows(topic, records.filter(mask), rows, of_rows)
    return ValidatedBatch(accepted, _to_rejected(records.filter(pc.invert(mask)), rejections))


def to_gold_rows(
    topic: str, records: pa.Table, rows: Sequence[Row], originals: Sequence[RecordId | None] | None
) -> pa.Table:
    """Return rows of a gold table (without ingest_time) from validated values, and the ``records`` that they are of.

    ``originals`` are the records that they are replays of; None where no row is one.
    """
    contract = CONTRACTS[topic]
    schema = schema_without_ingest_time(contract.table)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: records[name] for name in ("topic_id", "kafka_partition", "kafka_offset", "broker_time")
    }
    *values, extra = zip(*rows, strict=True) if rows else ((),) * len(message_columns(topic))
    for field, column in zip(contract.value_fields, values, strict=True):
        name = field.column or field.name
        columns[name] = to_arrow(field, column, schema.field(name).type)
    columns["extra"] = pa.array(extra, pa.string())
    if originals is not None:
        texts = [None if original is None else format_record_id(original) for original in originals]
        columns["replay_of"] = pa.array(texts, pa.string())
    columns["event_date"] = pc.cast(columns[contract.time_column], pa.date32())
    return to_arrow_rows(contract.table, columns, len(rows))


def to_arrow_rows(
    spec: TableSpec, columns: Mapping[str, pa.ChunkedArray | pa.Array], n_rows: int
) -> pa.Table:
    """Return rows of a table without ingest_time: given columns cast to its types, absent ones null."""
    schema = schema_without_ingest_time(spec)
    arrays = [
        columns[field.name].cast(field.type) if field.name in columns else pa.nulls(n_rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def schema_without_ingest_time(spec: TableSpec) -> pa.Schema:
    """Return the schema of a table's rows before their batch stamps them."""
    schema = spec.to_arrow_schema()
    return schema.remove(schema.get_field_index("ingest_time"))


def with_ingest_time(spec: TableSpec, rows: pa.Table, ingest_time_us: int) -> pa.Table:
    """Return rows with the instant at which their batch began, in the table's column order."""
    instant = pa.scalar(ingest_time_us, pa.timestamp("us", tz="UTC"))
    return rows.append_column("ingest_time", pa.repeat(instant, rows.num_rows)).select(spec.column_names)


def to_bronze(records: pa.Table) -> pa.Table:
    """Return records with the day that bronze is partitioned by."""
    return records.append_column("broker_date", records["broker_time"].cast(pa.date32()))


def _apply_exclusions(
    results: list[Row | Rejected],
    records: pa.Table,
    originals: list[RecordId | None] | None,
    excluded: Excluded,
) -> None:
    columns = (records[name].to_pylist() for name in ("topic_id", "kafka_partition", "kafka_offset"))
    for at, record_id in enumerate(zip(*columns, strict=True)):
        exclusion = find_exclusion(excluded, record_id, None if originals is None else originals[at])
        if exclusion is not None:
            results[at] = exclusion


def _to_rejected(records: pa.Table, rejections: list[Rejected]) -> pa.Table:
    columns = {name: records[name] for name in RECORD_SCHEMA.names}
    columns["rule"] = pa.array([rejection.rule for rejection in rejections], pa.string())
    columns["field"] = pa.array([rejection.field for rejection in rejections], pa.string())
    columns["reason"] = pa.array([rejection.reason for rejection in rejections], pa.string())
    columns["broker_date"] = records["broker_time"].cast(pa.date32())
    return to_arrow_rows(QUARANTINE, columns, len(rejections))
