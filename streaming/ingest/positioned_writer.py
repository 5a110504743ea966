"""Buffer of one table: rows that wait for a commit, and the position that the commit advances."""

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
class CommitReport:
    """One commit of rows and position to one table."""

    table: str
    version: int
    n_rows: int
    seconds: float


class PositionedWriter:
    """Buffers rows in any order of batches and commits each record's row once, in the order of positions.

    ``buffered`` is the position that includes waiting rows, ``committed`` the one on storage. A row before
    ``buffered`` is ignored, so that buffering the same records again changes nothing.
    """

    def __init__(self, table: DeltaTable, spec: TableSpec, committed: Position) -> None:
        self.spec = spec
        self.table = table
        self.committed = committed
        self.buffered = committed
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
        """Return how long the oldest uncommitted rows or position have waited; 0 where nothing waits."""
        return 0.0 if self._waiting_since is None else now - self._waiting_since

    def buffer(self, rows: pa.Table, ends: Mapping[TopicPartition, int]) -> pa.Table:
        """Buffer the rows of every record before ``ends`` in this table; return those that are new to it."""
        fresh = rows.filter(pa.array(is_beyond(rows, self.buffered))) if rows.num_rows else rows
        if fresh.num_rows:
            self._waiting.append(fresh)
            self._waiting_bytes += fresh.nbytes
        advanced = self.buffered.advanced(ends)
        if self._waiting_since is None and advanced != self.buffered:
            self._waiting_since = time.monotonic()
        self.buffered = advanced
        return fresh

    def flush(self) -> CommitReport | None:
        """Commit what waits, rows and position together. Raises PositionConflictError, writing nothing."""
        changed = {
            key: offset
            for key, offset in self.buffered.offsets.items()
            if key not in self.committed or self.committed[key] != offset
        }
        if not changed:
            return None
        started = time.monotonic()
        rows = pa.concat_tables(self._waiting) if self._waiting else self.spec.to_arrow_schema().empty_table()
        expected = {key: self.committed.offsets.get(key) for key in changed}
        version = append(self.table, self.spec, rows, expected=expected, advanced=changed)
        self.committed = self.buffered
        self._waiting, self._waiting_bytes, self._waiting_since = [], 0, None
        return CommitReport(self.spec.name, version, rows.num_rows, time.monotonic() - started)
