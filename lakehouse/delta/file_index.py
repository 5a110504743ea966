"""The files of one table version with their statistics, as arrays that prune in microseconds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.delta.commit import Commit
from lakehouse.delta.file_statistics import CommitStatistics, FileStatistics, Integers, LoggedStatistics
from lakehouse.schema.spec import TableSpec
from lakehouse.time_range import DAY_US, TimeRange

_LOWEST = int(np.iinfo(np.int64).min)
_HIGHEST = int(np.iinfo(np.int64).max)
_HIGHEST_US = np.iinfo(np.int64).max - 1_000
# Statistics in the log are cut to milliseconds: a file's maximum lies up to 1 ms above the logged one.
# Source: Delta protocol, "Per-file Statistics".
_LOGGED_PRECISION_US = 1_000
_HIGHEST_STRING = "\U0010ffff"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FileSelection:
    """Files that may hold the selected rows. ``n_rows`` counts all of their rows, selected or not."""

    paths: list[str]
    n_rows: int


@dataclass(frozen=True, slots=True, eq=False)
class FileIndex:
    """Every live file of one version. Selecting never leaves out a file that holds a selected row."""

    paths: npt.NDArray[np.object_]
    n_rows: Integers
    size_bytes: Integers
    min_symbol: npt.NDArray[np.str_] | None
    max_symbol: npt.NDArray[np.str_] | None
    times: dict[str, tuple[Integers, Integers]]
    partitions: tuple[Integers, Integers]
    offsets: tuple[Integers, Integers]

    @staticmethod
    def read(table: DeltaTable, spec: TableSpec, root: str) -> "FileIndex":
        """Read the live files of an open table. ``root`` goes before each file's path."""
        return _to_index(LoggedStatistics(pa.table(table.get_add_actions(flatten=True))), spec, root)

    @staticmethod
    def empty(spec: TableSpec) -> "FileIndex":
        """Return the index of a table without files."""
        return _to_index(CommitStatistics(()), spec, "")

    def advanced(self, commit: Commit, spec: TableSpec, root: str) -> "FileIndex":
        """Return the index after a commit: what `read` gives at its version, but for the order of files.

        Raises ValueError where statistics are not what the protocol says.
        """
        added = _to_index(CommitStatistics(commit.added), spec, root)
        removed = {f"{root}/{path}" for path in commit.removed}.union(added.paths.tolist())
        mask = np.array([path not in removed for path in self.paths.tolist()], dtype=bool)

        def join(own: Any, new: Any) -> Any:
            return None if own is None else np.concatenate([own[mask], new])

        def join_bounds(own: tuple[Integers, Integers], new: tuple[Integers, Integers]) -> Any:
            return join(own[0], new[0]), join(own[1], new[1])

        return FileIndex(
            paths=join(self.paths, added.paths),
            n_rows=join(self.n_rows, added.n_rows),
            size_bytes=join(self.size_bytes, added.size_bytes),
            min_symbol=join(self.min_symbol, added.min_symbol),
            max_symbol=join(self.max_symbol, added.max_symbol),
            times={name: join_bounds(bounds, added.times[name]) for name, bounds in self.times.items()},
            partitions=join_bounds(self.partitions, added.partitions),
            offsets=join_bounds(self.offsets, added.offsets),
        )

    @property
    def n_files(self) -> int:
        return len(self.paths)

    def newest_us(self, time_column: str) -> int | None:
        """Return the greatest logged instant of a column, to the millisecond; None without files or statistics."""
        highest = self.times[time_column][1]
        known = highest[highest < _HIGHEST_US]
        return int(known.max()) - (_LOGGED_PRECISION_US - 1) if known.size else None

    def select(
        self,
        *,
        symbol: str | None = None,
        time_column: str | None = None,
        time_range: TimeRange | None = None,
    ) -> FileSelection:
        """Return the files that may hold a row of a symbol within a range; what is not given does not narrow it."""
        return self.selected(self.touching(symbol=symbol, time_column=time_column, time_range=time_range))

    def selected(self, mask: Mask) -> FileSelection:
        """Return the files of a mask."""
        return FileSelection(self.paths[mask].tolist(), int(self.n_rows[mask].sum()))

    def touching(
        self,
        *,
        symbol: str | None = None,
        time_column: str | None = None,
        time_range: TimeRange | None = None,
    ) -> Mask:
        """Return what `select` does as a mask over the files, to combine with others."""
        mask = np.ones(len(self.paths), dtype=bool)
        if time_column is not None and time_range is not None:
            lowest, highest = self.times[time_column]
            mask &= (highest >= time_range.start_us) & (lowest < time_range.end_us)
        if symbol is not None and self.min_symbol is not None and self.max_symbol is not None:
            mask &= (self.min_symbol <= symbol) & (self.max_symbol >= symbol)
        return mask


def _to_index(files: FileStatistics, spec: TableSpec, root: str) -> FileIndex:
    has_symbol = "symbol" in spec.stats_on
    return FileIndex(
        paths=np.array([f"{root}/{path}" for path in files.paths()], dtype=object),
        n_rows=files.integers("num_records", 0),
        size_bytes=files.integers("size_bytes", 0),
        min_symbol=files.strings("min.symbol", "") if has_symbol else None,
        max_symbol=files.strings("max.symbol", _HIGHEST_STRING) if has_symbol else None,
        times={name: time_bounds(files, spec, name) for name in _time_columns(spec)},
        partitions=_integer_bounds(files, "kafka_partition"),
        offsets=_integer_bounds(files, "kafka_offset"),
    )


def _time_columns(spec: TableSpec) -> list[str]:
    return [
        column.name for column in spec.columns if column.type == "timestamp" and column.name in spec.stats_on
    ]


def _integer_bounds(files: FileStatistics, name: str) -> tuple[Integers, Integers]:
    return files.integers(f"min.{name}", _LOWEST), files.integers(f"max.{name}", _HIGHEST)


def time_bounds(files: FileStatistics, spec: TableSpec, name: str) -> tuple[Integers, Integers]:
    """Return the lowest and highest instant (epoch microseconds) of a column in each file.

    Where the log has no statistics they are the bounds of the file's day, or else the widest.
    """
    lowest = files.instants_us(f"min.{name}", _LOWEST)
    highest = files.instants_us(f"max.{name}", _HIGHEST_US)
    highest[highest < _HIGHEST_US] += _LOGGED_PRECISION_US - 1
    if "event_date" in spec.partition_by and name == spec.sort_by[-1]:
        days = files.days("partition.event_date", -1) * DAY_US
        lowest = np.where((lowest == _LOWEST) & (days >= 0), days, lowest)
        highest = np.where((highest == _HIGHEST_US) & (days >= 0), days + DAY_US - 1, highest)
    return lowest, highest
