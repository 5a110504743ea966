"""Kafka records as Arrow rows, and what the verdict makes of them: gold rows or quarantine rows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.corrections import Excluded
from lakehouse.messages.replays import Place, format_record_id, origins_of
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
    """Records of one topic after the verdict. Every record is in exactly one of the two.

    ``accepted`` has the gold table's columns, ``rejected`` quarantine's, both without ingest_time.
    """

    accepted: pa.Table
    rejected: pa.Table


def validate_batch(topic: str, records: pa.Table, *, excluded: Excluded | None = None) -> ValidatedBatch:
    """Splits the records of one topic by the verdict on each, or by an operator's, who ``excluded`` some.

    An excluded record's replays are excluded with it. Keeps the records' order.
    """
    validate = validator_of(topic)
    times_us = records["broker_time"].cast(pa.int64()).to_pylist()
    verdicts = list(map(validate, records["key"].to_pylist(), records["value"].to_pylist(), times_us))
    origins = origins_of(records["headers"])
    if excluded:
        _apply_exclusions(verdicts, records, origins, excluded)
    good_at: list[int] = []
    good: list[Row] = []
    bad_at: list[int] = []
    bad: list[Rejected] = []
    for at, verdict in enumerate(verdicts):
        if isinstance(verdict, Rejected):
            bad_at.append(at)
            bad.append(verdict)
        else:
            good_at.append(at)
            good.append(verdict)
    if not bad:
        return ValidatedBatch(to_gold_rows(topic, records, good, origins), to_arrow_rows(QUARANTINE, {}, 0))
    good_origins = None if origins is None else [origins[at] for at in good_at]
    accepted = to_gold_rows(topic, records.take(pa.array(good_at, pa.int64())), good, good_origins)
    return ValidatedBatch(accepted, _to_rejected(records.take(pa.array(bad_at, pa.int64())), bad))


def to_gold_rows(
    topic: str, records: pa.Table, rows: Sequence[Row], origins: Sequence[Place | None] | None
) -> pa.Table:
    """Rows of a gold table (without ingest_time) from verdicts; ``records`` says where each one's message is.

    ``origins`` are the records that they are replays of; None where no row is one.
    """
    contract = CONTRACTS[topic]
    schema = schema_without_ingest_time(contract.table)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: records[name] for name in ("topic_id", "kafka_partition", "kafka_offset", "broker_time")
    }
    names = message_columns(topic)
    values = zip(*rows, strict=True) if rows else ((),) * len(names)
    for name, column in zip(names, values, strict=True):
        columns[name] = pa.array(column, schema.field(name).type)
    if origins is not None:
        texts = [None if origin is None else format_record_id(origin) for origin in origins]
        columns["replayed_from"] = pa.array(texts, pa.string())
    columns["event_date"] = pc.cast(columns[contract.time_column], pa.date32())
    return to_arrow_rows(contract.table, columns, len(rows))


def to_arrow_rows(
    spec: TableSpec, columns: Mapping[str, pa.ChunkedArray | pa.Array], n_rows: int
) -> pa.Table:
    """Rows of a table without ingest_time: given columns cast to its types, absent ones null."""
    schema = schema_without_ingest_time(spec)
    arrays = [
        columns[field.name].cast(field.type) if field.name in columns else pa.nulls(n_rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def schema_without_ingest_time(spec: TableSpec) -> pa.Schema:
    schema = spec.to_arrow_schema()
    return schema.remove(schema.get_field_index("ingest_time"))


def with_ingest_time(spec: TableSpec, rows: pa.Table, ingest_time_us: int) -> pa.Table:
    """Rows with the instant at which their batch began, in the table's column order."""
    stamp = pa.scalar(ingest_time_us, pa.timestamp("us", tz="UTC"))
    return rows.append_column("ingest_time", pa.repeat(stamp, rows.num_rows)).select(spec.column_names)


def to_bronze(records: pa.Table) -> pa.Table:
    """Records with the day that bronze is partitioned by."""
    return records.append_column("broker_date", records["broker_time"].cast(pa.date32()))


def _apply_exclusions(
    verdicts: list[Row | Rejected], records: pa.Table, origins: list[Place | None] | None, excluded: Excluded
) -> None:
    places = zip(
        *(records[name].to_pylist() for name in ("topic_id", "kafka_partition", "kafka_offset")), strict=True
    )
    for at, place in enumerate(places):
        found = excluded.get(place)
        if found is None and origins is not None and (origin := origins[at]) is not None:
            found = excluded.get(origin)
        if found is not None:
            verdicts[at] = found


def _to_rejected(records: pa.Table, verdicts: list[Rejected]) -> pa.Table:
    columns = {name: records[name] for name in RECORD_SCHEMA.names}
    columns["rule"] = pa.array([verdict.rule for verdict in verdicts], pa.string())
    columns["field"] = pa.array([verdict.field for verdict in verdicts], pa.string())
    columns["reason"] = pa.array([verdict.reason for verdict in verdicts], pa.string())
    columns["broker_date"] = records["broker_time"].cast(pa.date32())
    return to_arrow_rows(QUARANTINE, columns, len(verdicts))
