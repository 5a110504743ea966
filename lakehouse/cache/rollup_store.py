"""Hourly partial sums of sentiments kept in memory as sorted columns: months of a symbol without a file."""

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.cache.block import Floats, Integers
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.schema.rollup_tables import GOLD_SENTIMENT_1H
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import TimeRange

SentimentSums = tuple[int, int, float, float, int, int, int]
"""Of one bucket: rows, sum of scores in units of 1e-17, lowest, highest, positive, negative, origins."""
MAX_ROWS = 500_000
"""Of one rollup: about 50 MB. Beyond it files answer."""

_LOW_BITS = 32
_LOW_MASK = np.uint64(2**_LOW_BITS - 1)
_COUNTED = ("n_rows", "n_positive", "n_negative")
_COLUMNS = ["symbol", "bucket_time", "score_sum", "score_min", "score_max", *_COUNTED, "origins"]
_PARTIAL_SUMS = f"SELECT {', '.join(_COLUMNS)} FROM {{rows}}"


@dataclass(frozen=True, slots=True, eq=False)
class RollupColumns:
    """The partial sums of one version of a rollup, by symbol and time. ``high``, ``middle`` and ``low`` are the sum."""

    table: TableSnapshot
    stretches: dict[str, slice]
    times: Integers
    high: Integers
    middle: Integers
    low: Integers
    lowest: Floats
    highest: Floats
    counts: dict[str, Integers]
    origins: npt.NDArray[np.int32]

    def sums(self, symbol: str, covered: TimeRange, width_us: int) -> dict[int, SentimentSums]:
        """The sums of a symbol's buckets within a range, from those partial sums that begin in it."""
        own = self.stretches.get(symbol, slice(0, 0))
        low, high = own.start + np.searchsorted(self.times[own], (covered.start_us, covered.end_us))
        kept = slice(int(low), int(high))
        if kept.start == kept.stop:
            return {}
        buckets = self.times[kept] // width_us
        starts = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
        n_rows, n_positive, n_negative = (
            np.add.reduceat(self.counts[name][kept], starts).tolist() for name in _COUNTED
        )
        parts = (np.add.reduceat(part[kept], starts).tolist() for part in (self.high, self.middle, self.low))
        units = [(a << 2 * _LOW_BITS) + (b << _LOW_BITS) + c for a, b, c in zip(*parts, strict=True)]
        found = zip(
            n_rows,
            units,
            np.minimum.reduceat(self.lowest[kept], starts).tolist(),
            np.maximum.reduceat(self.highest[kept], starts).tolist(),
            n_positive,
            n_negative,
            np.bitwise_or.reduceat(self.origins[kept], starts).tolist(),
            strict=True,
        )
        return dict(zip((buckets[starts] * width_us).tolist(), found, strict=True))


class RollupStore:
    """The partial sums of the newest version of the hourly rollup that was asked for. Thread-safe."""

    def __init__(self, session: DuckdbSession, *, is_on: bool) -> None:
        self._session = session
        self._is_on = is_on
        self._lock = threading.Lock()
        self._rows: pa.Table | None = None
        self._held: RollupColumns | None = None

    def read(self, table: TableSnapshot) -> RollupColumns | None:
        """The columns of exactly this version, or None where files have to answer.

        A newer version costs a read of its new files. Raises FileGoneError where one was vacuumed meanwhile.
        """
        if not self._is_on or table.spec is not GOLD_SENTIMENT_1H or table.files.n_rows.sum() > MAX_ROWS:
            return None
        with self._lock:
            held = self._held
            if held is None or _is_newer(table, held.table):
                held = self._held = self._load(table, held)
            return held if (held.table.build, held.table.version) == (table.build, table.version) else None

    def _load(self, table: TableSnapshot, held: RollupColumns | None) -> RollupColumns:
        known = set(held.table.files.paths.tolist()) if held is not None else set()
        paths = table.files.paths.tolist()
        is_appended = self._rows is not None and known <= set(paths)
        new_paths = [path for path in paths if path not in known] if is_appended else paths
        parts = [self._rows] if is_appended and self._rows is not None else []
        if new_paths:
            parts.append(self._session.fetch_arrow(_PARTIAL_SUMS, new_paths, spec=table.spec))
        if not parts:
            parts = [table.spec.to_arrow_schema().empty_table().select(_COLUMNS)]
        self._rows = pa.concat_tables(parts, promote_options="permissive").combine_chunks()
        return _to_columns(table, self._rows)


def _is_newer(table: TableSnapshot, held: TableSnapshot) -> bool:
    return (table.build.number, table.version) > (held.build.number, held.version)


def _to_columns(table: TableSnapshot, unsorted: pa.Table) -> RollupColumns:
    rows = unsorted.sort_by([("symbol", "ascending"), ("bucket_time", "ascending")]).combine_chunks()
    symbols = rows["symbol"].to_numpy(zero_copy_only=False).astype(str)
    names, starts = np.unique(symbols, return_index=True)
    edges = [*starts.tolist(), len(symbols)]
    sums = _column(rows, "score_sum")
    halves = np.frombuffer(sums.buffers()[1], dtype=np.uint64).reshape(-1, 2)
    halves = halves[sums.offset : sums.offset + len(sums)]
    return RollupColumns(
        table=table,
        stretches={str(name): slice(edges[at], edges[at + 1]) for at, name in enumerate(names.tolist())},
        times=pc.cast(_column(rows, "bucket_time"), pa.int64()).to_numpy(),
        high=halves[:, 1].astype(np.int64),
        middle=(halves[:, 0] >> np.uint64(_LOW_BITS)).astype(np.int64),
        low=(halves[:, 0] & _LOW_MASK).astype(np.int64),
        lowest=_column(rows, "score_min").to_numpy(),
        highest=_column(rows, "score_max").to_numpy(),
        counts={name: _column(rows, name).to_numpy() for name in _COUNTED},
        origins=_column(rows, "origins").to_numpy(),
    )


def _column(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks else pa.array([], column.type)
    return column


def join_sums(one: SentimentSums, other: SentimentSums) -> SentimentSums:
    """The sums of disjoint rows of one bucket."""
    return (
        one[0] + other[0],
        one[1] + other[1],
        min(one[2], other[2]),
        max(one[3], other[3]),
        one[4] + other[4],
        one[5] + other[5],
        one[6] | other[6],
    )
