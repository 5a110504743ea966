"""Rows that an overview is made of, alike whether a file or the tail holds them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta.position import TopicPartition
from lakehouse.messages.contract import MessageContract
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.tail.rows import TailRow

COLUMNS: Mapping[str, tuple[str, ...]] = {
    GOLD_PRICE.name: ("venue", "quote", "price"),
    GOLD_SENTIMENT.name: ("score",),
    GOLD_PREDICTION.name: ("horizon", "model", "target_time", "lower", "upper", "nominal_coverage", "quote"),
}
"""Columns that are read of each table, beside the symbol, the time and the key."""
_KEY = ("topic_id", "kafka_partition", "kafka_offset")


class Observation(NamedTuple):
    """One row: its time (epoch microseconds), its record, its symbol, and the values of COLUMNS."""

    time_us: int
    source: TopicPartition
    offset: int
    symbol: str
    values: tuple[Any, ...]

    @property
    def key(self) -> tuple[int, TopicPartition, int]:
        """Place in the total order of rows."""
        return self.time_us, self.source, self.offset


def column_names(spec: TableSpec) -> tuple[str, ...]:
    """Return the columns that are read of a table."""
    return (*spec.sort_by, *COLUMNS[spec.name], *_KEY)


def of_arrow(spec: TableSpec, rows: pa.Table) -> Iterator[Observation]:
    """Yield the observations of rows of a table; instants become epoch microseconds."""
    columns = [
        pc.cast(column, pa.int64()).to_pylist() if pa.types.is_timestamp(column.type) else column.to_pylist()
        for column in (rows[name] for name in column_names(spec))
    ]
    for symbol, time_us, *values, topic_id, partition, offset in zip(*columns, strict=True):
        yield Observation(time_us, TopicPartition(topic_id, partition), offset, symbol, tuple(values))


def of_tail(contract: MessageContract, row: TailRow) -> Observation:
    """Return the observation of a row of the tail."""
    values = tuple(row.get(contract, name) for name in COLUMNS[contract.table.name])
    return Observation(row.time_us, row.source, row.offset, row.symbol, values)
