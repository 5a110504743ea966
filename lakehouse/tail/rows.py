"""Rows of the tail: accepted messages beyond gold, and those of one symbol as gold's own columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.messages.contract import CONTRACTS, MessageContract
from lakehouse.messages.record_id import RecordId
from lakehouse.messages.records import to_gold_rows
from lakehouse.messages.validation import Row, message_columns

_INSTANT = pa.timestamp("us", tz="UTC")


class TailRow(NamedTuple):
    """One accepted message. ``values`` are the gold columns that validation fills, in their order."""

    source: TopicPartition
    offset: int
    broker_time_us: int
    symbol: str
    time_us: int
    message_id: str
    values: Row
    replay_of: RecordId | None = None
    """Of a replay, the original record."""

    @staticmethod
    def of(
        contract: MessageContract,
        source: TopicPartition,
        offset: int,
        broker_time_us: int,
        values: Row,
        replay_of: RecordId | None = None,
    ) -> "TailRow":
        """Return the row of a message from its values."""
        key_at, time_at, id_at = _key_indices(contract.topic)
        return TailRow(
            source, offset, broker_time_us, values[key_at], values[time_at], values[id_at], values, replay_of
        )

    @property
    def record_id(self) -> RecordId:
        """Record of the message."""
        return self.source.topic_id, self.source.partition, self.offset

    def get(self, contract: MessageContract, name: str) -> Any:
        """Return the value of a column that validation fills."""
        return self.values[column_indices(contract.topic)[name]]


@dataclass(frozen=True, slots=True, eq=False)
class TableTail:
    """Rows that the tail adds to one table for one symbol, as in gold (ingest_time is null), in any order.

    With them the answer stands at ``reach``. ``newest_us`` is the newest event of all symbols that the tail has seen.
    """

    contract: MessageContract
    symbol: str
    reach: Position
    rows: pa.Table
    held: tuple[TailRow, ...]
    newest_us: int | None

    @property
    def lasts(self) -> Mapping[int, int]:
        """Offsets of the last rows, by partition. No two different tails beyond one version have the same."""
        return {row.source.partition: row.offset for row in self.held}

    @staticmethod
    def of(
        contract: MessageContract,
        *,
        symbol: str,
        reach: Position,
        rows: Sequence[TailRow],
        newest_us: int | None,
    ) -> "TableTail":
        """Return the tail of a table from its rows."""
        return TableTail(
            contract,
            symbol,
            reach,
            _to_arrow(contract, rows) if rows else _no_rows(contract.topic),
            tuple(rows),
            newest_us,
        )


@cache
def column_indices(topic: str) -> Mapping[str, int]:
    """Return {column that validation fills: its index in `TailRow.values`}."""
    return {name: at for at, name in enumerate(message_columns(topic))}


@cache
def _key_indices(topic: str) -> tuple[int, int, int]:
    contract, indices = CONTRACTS[topic], column_indices(topic)
    return indices[contract.key_column], indices[contract.time_column], indices["message_id"]


def _to_arrow(contract: MessageContract, rows: Sequence[TailRow]) -> pa.Table:
    records = pa.table(
        {
            "topic_id": pa.array([row.source.topic_id for row in rows], pa.string()),
            "kafka_partition": pa.array([row.source.partition for row in rows], pa.int32()),
            "kafka_offset": pa.array([row.offset for row in rows], pa.int64()),
            "broker_time": pa.array([row.broker_time_us for row in rows], pa.int64()).cast(_INSTANT),
        }
    )
    originals = [row.replay_of for row in rows] if any(row.replay_of for row in rows) else None
    gold = to_gold_rows(contract.topic, records, [row.values for row in rows], originals)
    return gold.append_column("ingest_time", pa.nulls(len(rows), _INSTANT)).select(
        contract.table.column_names
    )


@cache
def _no_rows(topic: str) -> pa.Table:
    return CONTRACTS[topic].table.to_arrow_schema().empty_table()
