"""One table on its way to storage: rows waiting for a commit, and the position that the commit advances."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.delta.table import append
from lakehouse.messages.positions import is_beyond
from lakehouse.schema.spec import TableSpec


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit did to one table."""

    table: str
    version: int
    n_rows: int
    seconds: float


class PositionedWriter:
    """Takes in rows in any order of batches, commits each record's row once, in the order of positions.

    ``taken`` is the position that includes waiting rows; ``committed`` is what storage says. A record below
    ``taken`` is ignored, so that offering the same records again changes nothing.
    """

    def __init__(self, table: DeltaTable, spec: TableSpec, committed: Position) -> None:
        self.spec = spec
        self.table = table
        self.committed = committed
        self.taken = committed
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0
        self._waiting_since: float | None = None

    @property
    def waiting_bytes(self) -> int:
        return self._waiting_bytes

    @property
    def has_rows(self) -> bool:
        return bool(self._waiting)

    def waiting_seconds(self, now: float) -> float:
        """How long the oldest uncommitted offer has waited; 0 where nothing waits."""
        return 0.0 if self._waiting_since is None else now - self._waiting_since

    def offer(self, rows: pa.Table, ends: Mapping[TopicPartition, int]) -> pa.Table:
        """Takes in what every record below ``ends`` became in this table; returns the rows that are new to it."""
        fresh = rows.filter(pa.array(is_beyond(rows, self.taken))) if rows.num_rows else rows
        if fresh.num_rows:
            self._waiting.append(fresh)
            self._waiting_bytes += fresh.nbytes
        advanced = self.taken.advanced(ends)
        if self._waiting_since is None and advanced != self.taken:
            self._waiting_since = time.monotonic()
        self.taken = advanced
        return fresh

    def flush(self) -> Commit | None:
        """Commits what waits, rows and position together. Raises PositionConflictError, writing nothing."""
        changed = {
            key: offset
            for key, offset in self.taken.offsets.items()
            if key not in self.committed or self.committed[key] != offset
        }
        if not changed:
            return None
        started = time.monotonic()
        rows = pa.concat_tables(self._waiting) if self._waiting else self.spec.to_arrow_schema().empty_table()
        expected = {key: self.committed.offsets.get(key) for key in changed}
        version = append(self.table, self.spec, rows, expected=expected, advanced=changed)
        self.committed = self.taken
        self._waiting, self._waiting_bytes, self._waiting_since = [], 0, None
        return Commit(self.spec.name, version, rows.num_rows, time.monotonic() - started)
