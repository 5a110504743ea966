"""Rows of the tail: what messages beyond gold will be there, and those of one symbol as gold's own columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.messages.contract import CONTRACTS, MessageContract
from lakehouse.messages.records import to_gold_rows
from lakehouse.messages.replays import Place
from lakehouse.messages.validation import Row, message_columns

_INSTANT = pa.timestamp("us", tz="UTC")


class TailRow(NamedTuple):
    """One accepted message. ``values`` are the gold columns that a verdict fills, in their order."""

    source: TopicPartition
    offset: int
    broker_time_us: int
    symbol: str
    time_us: int
    message_id: str
    values: Row
    origin: Place | None = None
    """Of a replay, the record that it is."""

    @staticmethod
    def of(
        contract: MessageContract,
        source: TopicPartition,
        offset: int,
        broker_time_us: int,
        values: Row,
        origin: Place | None = None,
    ) -> "TailRow":
        key_at, time_at, id_at = _key_places(contract.topic)
        return TailRow(
            source, offset, broker_time_us, values[key_at], values[time_at], values[id_at], values, origin
        )

    @property
    def place(self) -> Place:
        return self.source.topic_id, self.source.partition, self.offset

    def get(self, contract: MessageContract, name: str) -> Any:
        """The value of a column that a verdict fills."""
        return self.values[column_places(contract.topic)[name]]


@dataclass(frozen=True, slots=True, eq=False)
class TableTail:
    """What the tail adds to one table for one symbol. ``rows`` are as in gold (ingest_time is null), in any order.

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
        """{partition: offset of its last row}: what no two different tails beyond one version have alike."""
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
        return TableTail(
            contract,
            symbol,
            reach,
            _to_arrow(contract, rows) if rows else _no_rows(contract.topic),
            tuple(rows),
            newest_us,
        )


@cache
def column_places(topic: str) -> Mapping[str, int]:
    """{column that a verdict fills: its place in `TailRow.values`}"""
    return {name: at for at, name in enumerate(message_columns(topic))}


@cache
def _key_places(topic: str) -> tuple[int, int, int]:
    contract, places = CONTRACTS[topic], column_places(topic)
    return places[contract.key_column], places[contract.time_column], places["message_id"]


def _to_arrow(contract: MessageContract, rows: Sequence[TailRow]) -> pa.Table:
    places = pa.table(
        {
            "topic_id": pa.array([row.source.topic_id for row in rows], pa.string()),
            "kafka_partition": pa.array([row.source.partition for row in rows], pa.int32()),
            "kafka_offset": pa.array([row.offset for row in rows], pa.int64()),
            "broker_time": pa.array([row.broker_time_us for row in rows], pa.int64()).cast(_INSTANT),
        }
    )
    origins = [row.origin for row in rows] if any(row.origin for row in rows) else None
    known = to_gold_rows(contract.topic, places, [row.values for row in rows], origins)
    unknown = pa.nulls(len(rows), _INSTANT)
    return known.append_column("ingest_time", unknown).select(contract.table.column_names)


@cache
def _no_rows(topic: str) -> pa.Table:
    return CONTRACTS[topic].table.to_arrow_schema().empty_table()
