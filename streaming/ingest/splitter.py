"""Parts of bounded size of Spark's micro-batches, to be collected one by one.

Kafka bounds a batch by its number of records and not by their size: a thousand values of 10 MB would end Spark's JVM,
and every restart would begin with them again.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import coalesce, col, length, lit

MAX_BYTES = 96 * 1024 * 1024
"""Spark holds a part some three times, in a heap of 1 GB by default."""
Range = tuple[str, int, int, int]
"""(topic, partition, first offset, last offset)"""

_SIZES = ("topic", "kafka_partition", "kafka_offset", "n_bytes")


class BatchSplitter:
    """Splitter of the batches of one run. It asks Spark for the sizes of records where it knows no usual one yet."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._usual_bytes: float | None = None

    def parts(self, batch: DataFrame, *, n_offsets: int | None) -> list[DataFrame]:
        """Return a batch of at most ``n_offsets`` records (None: unknown) as one or several parts, in their order.

        A part has at most ``max_bytes`` of keys and values, or one record. The records of a partition are in the order
        of offsets over the parts.
        """
        usual = self._usual_bytes
        if usual is not None and n_offsets is not None and n_offsets * usual <= self._max_bytes:
            return [batch]
        sizes = _read_sizes(batch)
        if (pc.sum(sizes["n_bytes"]).as_py() or 0) <= self._max_bytes:
            return [batch]
        return [batch.where(_to_condition(part)) for part in split_by_size(sizes, self._max_bytes)]

    def note_size(self, *, n_records: int, n_bytes: int) -> None:
        """Note what a part had, for the usual size of a record."""
        if n_records:
            self._usual_bytes = n_bytes / n_records


def _read_sizes(batch: DataFrame) -> pa.Table:
    n_bytes = coalesce(length("value"), lit(0)) + coalesce(length("key"), lit(0))
    return batch.select(*_SIZES[:3], n_bytes.cast("long").alias("n_bytes")).toArrow()


def _to_condition(part: Iterable[Range]) -> Column:
    return reduce(
        or_,
        (
            (col("topic") == topic)
            & (col("kafka_partition") == partition)
            & col("kafka_offset").between(first, last)
            for topic, partition, first, last in part
        ),
    )


def split_by_size(sizes: pa.Table, max_bytes: int) -> Iterator[list[Range]]:
    """Yield parts of at most so many bytes, or one record. Pure.

    ``sizes`` has topic, kafka_partition, kafka_offset and n_bytes of each record, in any order.
    """
    order = [(name, "ascending") for name in _SIZES[:3]]
    rows = sizes.take(pc.sort_indices(sizes, sort_keys=order)).select(_SIZES).to_pydict()
    part: list[Range] = []
    n_bytes_of_part = 0
    for topic, partition, offset, n_bytes in zip(*(rows[name] for name in _SIZES), strict=True):
        if part and n_bytes_of_part + n_bytes > max_bytes:
            yield part
            part, n_bytes_of_part = [], 0
        n_bytes_of_part += n_bytes
        if part and part[-1][:2] == (topic, partition):
            part[-1] = (topic, partition, part[-1][2], offset)
        else:
            part.append((topic, partition, offset, offset))
    if part:
        yield part
