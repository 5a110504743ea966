"""Stored records of message ids, looked up in gold itself, by key and event time.

A message id covers its Kafka key (symbol or source) and its event time, so the log prunes the look-up to the few
files that can hold it. Ids are cached per key and interval of time; every one of them is in gold.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cachetools import LRUCache
from deltalake import DeltaTable

from lakehouse.delta.file_index import time_bounds
from lakehouse.delta.file_statistics import LoggedStatistics
from lakehouse.delta.log_listing import refresh
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import MessageContract
from lakehouse.messages.record_id import RecordId

BUCKET_US = 600_000_000
MAX_IDS = 600_000

Bucket = tuple[str, int]
"""(key, number of an interval of BUCKET_US since the epoch)."""
Ids = dict[str, RecordId]
"""{message id: its stored record} of one bucket."""


class MessageIdIndex:
    """Message ids of one gold table. Correct as long as every row appended meanwhile is added to its bucket.

    Where it ``follows``, others append: the table is brought up to date before ids are read from it. ``max_ids``
    bounds the cached ids, and with them the buckets.
    """

    def __init__(
        self,
        table: DeltaTable,
        location: LakeLocation,
        contract: MessageContract,
        *,
        follows: bool = False,
        max_ids: int = MAX_IDS,
    ) -> None:
        self._table = table
        self._location = location
        self._contract = contract
        self._follows = follows
        self._cached: LRUCache[Bucket, Ids] = LRUCache(max_ids, getsizeof=_size)

    def load(self, buckets: Collection[Bucket]) -> tuple[dict[Bucket, Ids], set[Bucket]]:
        """Return the ids that gold holds in some buckets, and which buckets were read from it just now.

        The caller adds what it stores to the ids, and then gives them to `keep`.
        """
        cached = {bucket: self._cached.get(bucket) for bucket in buckets}
        loaded = {bucket: ids for bucket, ids in cached.items() if ids is not None}
        unread = cached.keys() - loaded.keys()
        if unread:
            if self._follows:
                refresh(self._table)
            loaded |= self._read(unread)
        return loaded, unread

    def keep(self, loaded: dict[Bucket, Ids]) -> None:
        """Cache buckets as they are now; the least recently used ones give way."""
        for bucket, ids in loaded.items():
            if _size(ids) <= self._cached.maxsize:
                self._cached[bucket] = ids
            else:
                self._cached.pop(bucket, None)

    def _read(self, unread: Iterable[Bucket]) -> dict[Bucket, Ids]:
        loaded: dict[Bucket, Ids] = {bucket: {} for bucket in unread}
        slots = np.unique(np.fromiter((slot for _, slot in loaded), dtype=np.int64))
        keys = sorted({key for key, _ in loaded})
        for path in self._paths_touching(slots):
            columns = self._read_columns(path, keys, slots)
            for key, time_us, message_id, *record_id in zip(
                *(column.to_pylist() for column in columns), strict=True
            ):
                ids = loaded.get((key, time_us // BUCKET_US))
                if ids is not None:
                    ids[message_id] = (record_id[0], record_id[1], record_id[2])
        return loaded

    def _paths_touching(self, slots: np.ndarray) -> list[str]:
        actions = pa.table(self._table.get_add_actions(flatten=True))
        first_us, last_us = time_bounds(
            LoggedStatistics(actions), self._contract.table, self._contract.time_column
        )
        n_before_file = np.searchsorted(slots, first_us // BUCKET_US, side="left")
        touched = np.searchsorted(slots, last_us // BUCKET_US, side="right") > n_before_file
        return [str(path) for path in actions["path"].filter(pa.array(touched)).to_pylist()]

    def _read_columns(self, path: str, keys: list[str], slots: np.ndarray) -> list[pa.ChunkedArray]:
        key_column, time_column = self._contract.key_column, self._contract.time_column
        columns = [key_column, time_column, "message_id", "topic_id", "kafka_partition", "kafka_offset"]
        instant = pa.timestamp("us", tz="UTC")
        inside = (
            (pc.field(key_column).isin(keys))
            & (pc.field(time_column) >= pa.scalar(int(slots[0]) * BUCKET_US, instant))
            & (pc.field(time_column) < pa.scalar((int(slots[-1]) + 1) * BUCKET_US, instant))
        )
        rows = pq.read_table(
            self._location.open_file(path), columns=columns, filters=inside, partitioning=None
        )
        times_us = rows[time_column].cast(pa.int64())
        return [rows[key_column], times_us, *(rows[name] for name in columns[2:])]


def buckets_of(keys: Sequence[str], times_us: Sequence[int]) -> list[Bucket]:
    """Return the bucket of each key and event time."""
    return [(key, time_us // BUCKET_US) for key, time_us in zip(keys, times_us, strict=True)]


def _size(ids: Ids) -> int:
    return 1 + len(ids)
