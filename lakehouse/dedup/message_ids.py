"""Which Kafka record became the gold row of a message_id: looked up in gold itself, by key and event time.

A message_id covers its Kafka key (symbol or source) and its event time, so the log prunes the look-up to the few
files that can hold it. Ids are kept per key and stretch of time, least recently used first out; nothing here is
truth, all of it is in gold.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from lakehouse.delta.log_listing import refresh
from lakehouse.delta.storage import LakeLocation

Winner = tuple[str, int, int]
"""(topic_id, partition, offset) of the record that became the gold row."""

BUCKET_US = 600_000_000
MAX_IDS = 600_000

_Bucket = tuple[str, int]


class MessageIdIndex:
    """Winners of one gold table. Correct as long as every row appended meanwhile is put into its bucket.

    Where it ``follows``, others append: the table is brought up to date before ids are read from it.
    """

    def __init__(
        self,
        table: DeltaTable,
        location: LakeLocation,
        *,
        key_column: str,
        time_column: str,
        follows: bool = False,
        max_ids: int = MAX_IDS,
    ) -> None:
        self._table = table
        self._follows = follows
        self._max_ids = max_ids
        self._location = location
        self._key_column = key_column
        self._time_column = time_column
        self._buckets: OrderedDict[_Bucket, dict[str, Winner]] = OrderedDict()
        self._n_ids = 0

    def load(self, keys: Sequence[str], times_us: Sequence[int]) -> list[dict[str, Winner]]:
        """The ids that gold holds around each (key, time), for the caller to look up and extend."""
        wanted = [(key, time_us // BUCKET_US) for key, time_us in zip(keys, times_us, strict=True)]
        distinct = dict.fromkeys(wanted)
        missing = [bucket for bucket in distinct if bucket not in self._buckets]
        if missing:
            if self._follows:
                refresh(self._table)
            self._read(missing)
        for bucket in distinct:
            self._buckets.move_to_end(bucket)
        found = [self._buckets[bucket] for bucket in wanted]
        self._evict(keep=len(distinct))
        return found

    def missing(self, keys: Sequence[str], times_us: Sequence[int]) -> set[_Bucket]:
        """The (key, stretch of time) that `load` would have to read."""
        wanted = {(key, time_us // BUCKET_US) for key, time_us in zip(keys, times_us, strict=True)}
        return {bucket for bucket in wanted if bucket not in self._buckets}

    def count_added(self, n_ids: int) -> None:
        """Tells how many ids the caller put into the loaded buckets, for the memory bound."""
        self._n_ids += n_ids

    def _evict(self, *, keep: int) -> None:
        while self._n_ids > self._max_ids and len(self._buckets) > keep:
            _, ids = self._buckets.popitem(last=False)
            self._n_ids -= len(ids)

    def _read(self, missing: Iterable[_Bucket]) -> None:
        for bucket in missing:
            self._buckets[bucket] = {}
        slots = np.unique(np.fromiter((slot for _, slot in missing), dtype=np.int64))
        keys = sorted({key for key, _ in missing})
        fresh = set(missing)
        for path in self._paths_touching(slots):
            rows = self._read_ids(path, keys, slots)
            for key, time_us, message_id, *winner in zip(
                *(column.to_pylist() for column in rows), strict=True
            ):
                bucket = (key, time_us // BUCKET_US)
                if bucket in fresh:
                    self._buckets[bucket][message_id] = (winner[0], winner[1], winner[2])
                    self._n_ids += 1

    def _paths_touching(self, slots: np.ndarray) -> list[str]:
        files = pa.table(self._table.get_add_actions(flatten=True))
        if not files.num_rows or f"min.{self._time_column}" not in files.column_names:
            return []
        first = _to_slots(files[f"min.{self._time_column}"], absent=np.iinfo(np.int64).min)
        last = _to_slots(files[f"max.{self._time_column}"], absent=np.iinfo(np.int64).max)
        touched = np.searchsorted(slots, last, side="right") > np.searchsorted(slots, first, side="left")
        return [str(path) for path in files["path"].filter(pa.array(touched)).to_pylist()]

    def _read_ids(self, path: str, keys: list[str], slots: np.ndarray) -> list[pa.ChunkedArray]:
        columns = [
            self._key_column,
            self._time_column,
            "message_id",
            "topic_id",
            "kafka_partition",
            "kafka_offset",
        ]
        stamp = pa.timestamp("us", tz="UTC")
        inside = (
            (pc.field(self._key_column).isin(keys))
            & (pc.field(self._time_column) >= pa.scalar(int(slots[0]) * BUCKET_US, stamp))
            & (pc.field(self._time_column) < pa.scalar((int(slots[-1]) + 1) * BUCKET_US, stamp))
        )
        rows = pq.read_table(
            self._location.open_file(path), columns=columns, filters=inside, partitioning=None
        )
        times_us = rows[self._time_column].cast(pa.int64())
        return [rows[self._key_column], times_us, *(rows[name] for name in columns[2:])]


def _to_slots(times: pa.ChunkedArray, *, absent: int) -> np.ndarray:
    """Stretches of time that a file's minimum or maximum falls in; a file without statistics may hold any."""
    slots: np.ndarray = times.cast(pa.int64()).fill_null(absent).to_numpy() // BUCKET_US
    return slots
