"""Files of a gold table with rows beyond a position: by the log's statistics, else by reading their offsets once.

The log knows the offsets of a file only over all its partitions together. Where that does not decide, the file's ends
are read per topic and partition and cached: a file never changes.
"""

import threading

import numpy as np
from cachetools import LRUCache

from lakehouse.delta.file_index import Mask
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.schema.spec import TableSpec
from lakehouse.snapshots.pinned import TableSnapshot

_MAX_CACHED_FILES = 50_000
_ENDS = """
SELECT filename, topic_id, kafka_partition, max(kafka_offset) + 1
FROM read_parquet($ended_files, union_by_name = true, filename = true)
GROUP BY ALL
"""

_Ends = dict[TopicPartition, int]


class FileOffsets:
    """Finds the files with rows beyond positions. Thread-safe; holds a cache only."""

    def __init__(self, session: DuckdbSession) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._cached: LRUCache[str, _Ends] = LRUCache(_MAX_CACHED_FILES)

    def beyond(self, table: TableSnapshot, position: Position, among: Mask) -> Mask:
        """Return the files ``among`` those of a version that hold a row at or beyond a position, and no other."""
        surely, perhaps = _by_statistics(table, position)
        mask: Mask = among & surely
        unsure = np.flatnonzero(among & perhaps & ~surely)
        ends = self._ends_of(table.spec, table.files.paths[unsure].tolist())
        for at, of_file in zip(unsure, ends, strict=True):
            mask[at] = any(end > position[key] for key, end in of_file.items())
        return mask

    def _ends_of(self, spec: TableSpec, paths: list[str]) -> list[_Ends]:
        with self._lock:
            ends = {path: self._cached[path] for path in paths if path in self._cached}
            unread = [path for path in paths if path not in ends]
            ends |= {path: {} for path in unread}
            if unread:
                for path, topic_id, partition, end in self._session.fetch_rows(
                    _ENDS, [], spec=spec, ended_files=unread
                ):
                    ends[path][TopicPartition(topic_id, partition)] = end
            self._cached.update({path: ends[path] for path in unread})
            return [ends[path] for path in paths]


def _by_statistics(table: TableSnapshot, position: Position) -> tuple[Mask, Mask]:
    """Return the files that surely, and that perhaps, hold a row at or beyond a position.

    A row's partition lies within its file's bounds, its topic is one of the table's: a file whose highest offset is
    below all of their positions has no such row, one that reaches the highest of them surely has.
    """
    (first, last), (_, highest) = table.files.partitions, table.files.offsets
    starts = np.array([position[key] for key in table.position], dtype=np.int64)
    of_partition = np.array([key.partition for key in table.position], dtype=np.int64)
    surely, perhaps = np.zeros(len(highest), dtype=bool), np.zeros(len(highest), dtype=bool)
    for low, high in set(zip(first.tolist(), last.tolist(), strict=True)):
        possible = starts[(of_partition >= low) & (of_partition <= high)]
        here = (first == low) & (last == high)
        known = here & (highest < np.iinfo(np.int64).max)
        perhaps |= here & (~known | (highest >= possible.min(initial=np.iinfo(np.int64).max)))
        surely |= known & (highest >= possible.max(initial=0))
    return surely, perhaps
