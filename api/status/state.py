"""The state of the lake as values: its tables, how far behind Kafka they are, and operators' decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.maintenance.selectors import MaintenanceState, read_maintenance
from api.status.lag import EndOffsets
from lakehouse.delta.catalog import Build
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.lake import Lake
from lakehouse.schema.tables import BRONZE, CORRECTIONS, GOLD_TABLES, LOSSES, TABLES
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.snapshots.symbols import TableSymbols
from lakehouse.time_range import format_us

Decision = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """The newest version of a table. Tables without events have the newest broker time as their newest event."""

    name: str
    version: int
    build_id: str
    position: Position
    n_rows: int
    n_bytes: int
    n_files: int
    commit_time_us: int | None
    retained_from_us: int | None
    newest_event_us: int | None
    newest_ingest_us: int | None
    origins: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Lag of a table's position behind the end of one Kafka partition."""

    table: str
    topic: str
    topic_id: str
    partition: int
    position: int
    end_offset: int

    @property
    def n_messages(self) -> int:
        return max(0, self.end_offset - self.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeState:
    """Everything that `/api/v1/etat` and `/metrics` show of a lake, read at ``now_us``."""

    now_us: int
    build: Build
    tables: Sequence[TableState]
    absent: Sequence[str]
    is_kafka_known: bool
    lags: Sequence[Lag]
    losses: Sequence[Decision]
    corrections: Sequence[Decision]
    maintenance: MaintenanceState
    origins: Sequence[str]


def read_state(
    *, lake: Lake, end_offsets: EndOffsets, now_us: int, maintenance_seconds: float = 0.0
) -> LakeState:
    """Return the state of a lake. Raises LakeNotFoundError before the lake exists."""
    snapshot = lake.snapshot(optional=tuple(TABLES))
    tables, topics = snapshot.tables, lake.catalog.current_topics()
    gold = {spec.name: lake.symbols.of(tables[spec.name]) for spec in GOLD_TABLES if spec.name in tables}
    return LakeState(
        now_us=now_us,
        build=snapshot.build,
        tables=[_to_table_state(table, gold.get(name)) for name, table in tables.items()],
        absent=[name for name in TABLES if name not in tables],
        is_kafka_known=end_offsets.known,
        lags=_to_lags(tables, topics, end_offsets),
        losses=_read_decisions(lake, tables.get(LOSSES.name)),
        corrections=_read_decisions(lake, tables.get(CORRECTIONS.name)),
        maintenance=read_maintenance(lake=lake, now_us=now_us, every_seconds=maintenance_seconds),
        origins=sorted({origin for table in gold.values() for origin in table.origins()}),
    )


def _to_table_state(table: TableSnapshot, symbols: TableSymbols | None) -> TableState:
    events = None if symbols is None else symbols.seen()
    newest_event_us: int | None = None
    if events is not None:
        newest_event_us = events.last_us
    elif "broker_time" in table.files.times:
        newest_event_us = table.files.newest_us("broker_time")
    return TableState(
        name=table.spec.name,
        version=table.version,
        build_id=table.build.build_id,
        position=table.position,
        n_rows=int(table.files.n_rows.sum()),
        n_bytes=int(table.files.size_bytes.sum()),
        n_files=table.files.n_files,
        commit_time_us=table.commit_time_us,
        retained_from_us=table.retained_from_us,
        newest_event_us=newest_event_us,
        newest_ingest_us=None if events is None else events.ingest_us,
        origins=[] if symbols is None else symbols.origins(),
    )


def _to_lags(
    tables: Mapping[str, TableSnapshot], topics: Mapping[str, str], end_offsets: EndOffsets
) -> list[Lag]:
    """Return the lag of each topic and partition that a table's position knows."""
    names = [name for name in (BRONZE.name, *(spec.name for spec in GOLD_TABLES)) if name in tables]
    return [
        Lag(
            table=name,
            topic=topic,
            topic_id=topic_id,
            partition=partition,
            position=tables[name].position[TopicPartition(topic_id, partition)],
            end_offset=end_offset,
        )
        for name in names
        for topic, topic_id in sorted(topics.items())
        if len(tables[name].position.of_topics([topic_id]))
        for partition, end_offset in sorted(end_offsets.offsets.get(topic, {}).items())
    ]


def _read_decisions(lake: Lake, table: TableSnapshot | None) -> list[Decision]:
    """Return what operators decided, the oldest first; the last column is the time of the decision."""
    if table is None:
        return []
    *names, time_name = [column.name for column in table.spec.columns]
    columns = ", ".join(names)
    statement = f"SELECT {columns}, epoch_us({time_name}) FROM {{rows}} ORDER BY {time_name}, {columns}"
    rows = lake.session.fetch_rows(statement, table.files.paths.tolist(), spec=table.spec)
    return [dict(zip([*names, time_name], (*row[:-1], format_us(row[-1])), strict=True)) for row in rows]
