"""Hourly partial sums of sentiments in memory as sorted columns: months of a symbol without a file."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.cache.aggregation import LIMB_BITS, Integers, Sums, sum_buckets
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.schema.rollup_tables import GOLD_SENTIMENT_1H
from lakehouse.series.aggregates import MEAN, SENTIMENT_FIGURES, Aggregate
from lakehouse.series.grid import Grid
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import TimeRange

MAX_ROWS = 500_000
"""Of one rollup: about 50 MB. Beyond it files answer."""

_LOW_MASK = np.uint64(2**LIMB_BITS - 1)
_COLUMNS = ["symbol", "bucket_time", *(each.stored for each in SENTIMENT_FIGURES.aggregates)]
_PARTIAL_SUMS = f"SELECT {', '.join(_COLUMNS)} FROM {{rows}}"


@dataclass(frozen=True, slots=True, eq=False)
class PartialSums:
    """Partial sums in ascending time: each figure's column, or a mean's limbs, by the name that it is stored under."""

    times: Integers
    columns: Mapping[str, Sequence[npt.NDArray[Any]]]

    def limbs(self, aggregate: Aggregate) -> Sequence[npt.NDArray[Any]]:
        return self.columns[aggregate.stored]

    def integers(self, aggregate: Aggregate) -> npt.NDArray[Any]:
        return self.columns[aggregate.stored][0]

    numbers = integers


@dataclass(frozen=True, slots=True, eq=False)
class RollupColumns:
    """The partial sums of one version of a rollup, by symbol and time."""

    table: TableSnapshot
    rows_of: Mapping[str, slice]
    sums: PartialSums

    def sum_buckets(self, symbol: str, time_range: TimeRange, grid: Grid) -> dict[int, Sums]:
        """Return the sums of a symbol's buckets, from those partial sums that begin in a range."""
        own = self.rows_of.get(symbol, slice(0, 0))
        bounds = (time_range.start_us, time_range.end_us)
        low, high = (own.start + np.searchsorted(self.sums.times[own], bounds)).tolist()
        columns = {name: [part[low:high] for part in parts] for name, parts in self.sums.columns.items()}
        return sum_buckets(SENTIMENT_FIGURES, PartialSums(self.sums.times[low:high], columns), grid)


class RollupStore:
    """The partial sums of the newest version of the hourly rollup that was read. Thread-safe."""

    def __init__(self, session: DuckdbSession, *, is_on: bool) -> None:
        self._session = session
        self._is_on = is_on
        self._lock = threading.Lock()
        self._rows: pa.Table | None = None
        self._latest: RollupColumns | None = None

    def load(self, table: TableSnapshot) -> RollupColumns | None:
        """Return the columns of exactly this version; None where they are not held in memory.

        A newer version costs a read of its new files. Raises FileGoneError where one was vacuumed meanwhile.
        """
        if not self._is_on or table.spec is not GOLD_SENTIMENT_1H or table.files.n_rows.sum() > MAX_ROWS:
            return None
        with self._lock:
            latest = self._latest
            if latest is None or _is_newer(table, latest.table):
                latest = self._latest = self._read(table, latest)
            return (
                latest if (latest.table.build, latest.table.version) == (table.build, table.version) else None
            )

    def _read(self, table: TableSnapshot, before: RollupColumns | None) -> RollupColumns:
        known = set(before.table.files.paths.tolist()) if before is not None else set()
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


def _is_newer(table: TableSnapshot, other: TableSnapshot) -> bool:
    return (table.build.number, table.version) > (other.build.number, other.version)


def _to_columns(table: TableSnapshot, unsorted: pa.Table) -> RollupColumns:
    rows = unsorted.sort_by([("symbol", "ascending"), ("bucket_time", "ascending")]).combine_chunks()
    symbols = rows["symbol"].to_numpy(zero_copy_only=False).astype(str)
    names, starts = np.unique(symbols, return_index=True)
    edges = [*starts.tolist(), len(symbols)]
    columns = {
        each.stored: _to_limbs(_column(rows, each.stored))
        if each.kind is MEAN
        else [_column(rows, each.stored).to_numpy()]
        for each in SENTIMENT_FIGURES.aggregates
    }
    times = pc.cast(_column(rows, "bucket_time"), pa.int64()).to_numpy()
    rows_of = {str(name): slice(edges[at], edges[at + 1]) for at, name in enumerate(names.tolist())}
    return RollupColumns(table, rows_of, PartialSums(times, columns))


def _to_limbs(sums: pa.Array) -> list[Integers]:
    """Split decimals of 128 bits into parts, the highest first; the highest has the sign."""
    halves = np.frombuffer(sums.buffers()[1], dtype=np.uint64).reshape(-1, 2)
    halves = halves[sums.offset : sums.offset + len(sums)]
    middle, low = halves[:, 0] >> np.uint64(LIMB_BITS), halves[:, 0] & _LOW_MASK
    return [halves[:, 1].astype(np.int64), middle.astype(np.int64), low.astype(np.int64)]


def _column(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks else pa.array([], column.type)
    return column
