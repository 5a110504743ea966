"""The files of one table version with their statistics, as arrays that prune in microseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.delta.commit import AddedFile, FileChanges
from lakehouse.schema.spec import TableSpec
from lakehouse.time_range import DAY_US, TimeRange, to_us

_LOWEST = int(np.iinfo(np.int64).min)
_HIGHEST = int(np.iinfo(np.int64).max)
_LOWEST_US = np.iinfo(np.int64).min
_HIGHEST_US = np.iinfo(np.int64).max - 1_000
# Statistics in the log are cut to milliseconds: a file's maximum lies up to 1 ms above the logged one.
# Source: Delta protocol, "Per-file Statistics".
_LOGGED_PRECISION_US = 1_000
_HIGHEST_STRING = "\U0010ffff"

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FileSelection:
    """Files that may hold what is asked for. ``n_rows`` counts all of their rows, wanted or not."""

    paths: list[str]
    n_rows: int


@dataclass(frozen=True, slots=True, eq=False)
class FileIndex:
    """Every live file of one version. Selecting never leaves out a file that holds a wanted row."""

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
        """Reads the log of an open table. ``root`` goes before each file's path."""
        actions = pa.table(table.get_add_actions(flatten=True))
        has_symbol = "symbol" in spec.stats_on
        return FileIndex(
            paths=np.array([f"{root}/{path}" for path in actions.column("path").to_pylist()], dtype=object),
            n_rows=_to_integers(actions, "num_records", 0),
            size_bytes=_to_integers(actions, "size_bytes", 0),
            min_symbol=_to_strings(actions, "min.symbol", "") if has_symbol else None,
            max_symbol=_to_strings(actions, "max.symbol", _HIGHEST_STRING) if has_symbol else None,
            times={name: _to_bounds(actions, spec, name) for name in _time_columns(spec)},
            partitions=_to_integer_bounds(actions, "kafka_partition"),
            offsets=_to_integer_bounds(actions, "kafka_offset"),
        )

    def advanced(self, changes: FileChanges, spec: TableSpec, root: str) -> "FileIndex":
        """The index after a commit. Equals what `read` gives at its version, but for the order of files.

        Raises ValueError where statistics are not what the protocol says.
        """
        added = _of_added(changes.added, spec, root)
        gone = {f"{root}/{path}" for path in changes.removed}.union(added.paths.tolist())
        kept = np.array([path not in gone for path in self.paths.tolist()], dtype=bool)

        def join(own: Any, new: Any) -> Any:
            return None if own is None else np.concatenate([own[kept], new])

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
        """The greatest logged instant of a column, to the millisecond; None without files or statistics."""
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
        """The files that may hold a row of a symbol within a range; what is not given does not narrow it."""
        return self.selected(self.touching(symbol=symbol, time_column=time_column, time_range=time_range))

    def selected(self, kept: Mask) -> FileSelection:
        return FileSelection(self.paths[kept].tolist(), int(self.n_rows[kept].sum()))

    def touching(
        self,
        *,
        symbol: str | None = None,
        time_column: str | None = None,
        time_range: TimeRange | None = None,
    ) -> Mask:
        """`select` as a mask over the files, to combine with others."""
        kept = np.ones(len(self.paths), dtype=bool)
        if time_column is not None and time_range is not None:
            lowest, highest = self.times[time_column]
            kept &= (highest >= time_range.start_us) & (lowest < time_range.end_us)
        if symbol is not None and self.min_symbol is not None and self.max_symbol is not None:
            kept &= (self.min_symbol <= symbol) & (self.max_symbol >= symbol)
        return kept


def _of_added(files: Sequence[AddedFile], spec: TableSpec, root: str) -> FileIndex:
    has_symbol = "symbol" in spec.stats_on

    def integers(values: Sequence[int]) -> Integers:
        return np.array(values, dtype=np.int64)

    def symbols(bounds: Sequence[str]) -> npt.NDArray[np.str_] | None:
        return np.array(bounds, dtype=np.str_) if has_symbol else None

    def bounds(name: str) -> tuple[Integers, Integers]:
        return (
            integers([file.lowest.get(name, _LOWEST) for file in files]),
            integers([file.highest.get(name, _HIGHEST) for file in files]),
        )

    def times(name: str) -> tuple[Integers, Integers]:
        found = [_to_time_bounds(file, spec, name) for file in files]
        return integers([lowest for lowest, _ in found]), integers([highest for _, highest in found])

    return FileIndex(
        paths=np.array([f"{root}/{file.path}" for file in files], dtype=object),
        n_rows=integers([file.n_rows for file in files]),
        size_bytes=integers([file.size_bytes for file in files]),
        min_symbol=symbols([file.lowest.get("symbol", "") for file in files]),
        max_symbol=symbols([file.highest.get("symbol", _HIGHEST_STRING) for file in files]),
        times={name: times(name) for name in _time_columns(spec)},
        partitions=bounds("kafka_partition"),
        offsets=bounds("kafka_offset"),
    )


def _to_time_bounds(file: AddedFile, spec: TableSpec, name: str) -> tuple[int, int]:
    lowest, highest = file.lowest.get(name), file.highest.get(name)
    day = file.partition_values.get("event_date") if name == spec.sort_by[-1] else None
    day_us = to_us(datetime.fromisoformat(f"{date.fromisoformat(day)}T00:00:00+00:00")) if day else None
    if lowest is not None:
        lowest_us = to_us(datetime.fromisoformat(lowest))
    else:
        lowest_us = _LOWEST_US if day_us is None else day_us
    if highest is not None:
        return lowest_us, to_us(datetime.fromisoformat(highest)) + _LOGGED_PRECISION_US - 1
    return lowest_us, _HIGHEST_US if day_us is None else day_us + DAY_US - 1


def _time_columns(spec: TableSpec) -> list[str]:
    return [
        column.name for column in spec.columns if column.type == "timestamp" and column.name in spec.stats_on
    ]


def _column(actions: pa.Table, name: str) -> Any:
    return actions.column(name).combine_chunks() if name in actions.column_names else None


def _to_integers(actions: pa.Table, name: str, absent: int) -> Integers:
    column = _column(actions, name)
    if column is None:
        return np.full(actions.num_rows, absent, dtype=np.int64)
    numbers = pc.cast(column, pa.int32()) if pa.types.is_date32(column.type) else column
    return np.asarray(
        pc.fill_null(pc.cast(numbers, pa.int64()), absent).to_numpy(zero_copy_only=False), dtype=np.int64
    )


def _to_strings(actions: pa.Table, name: str, absent: str) -> npt.NDArray[np.str_]:
    column = _column(actions, name)
    values = [None] * actions.num_rows if column is None else column.to_pylist()
    return np.array([absent if value is None else value for value in values], dtype=np.str_)


def _to_integer_bounds(actions: pa.Table, name: str) -> tuple[Integers, Integers]:
    """The lowest and highest value of a column in each file; the widest bounds where the log has none."""
    return _to_integers(actions, f"min.{name}", _LOWEST), _to_integers(actions, f"max.{name}", _HIGHEST)


def _to_bounds(actions: pa.Table, spec: TableSpec, name: str) -> tuple[Integers, Integers]:
    lowest, highest = _to_us(actions, f"min.{name}", _LOWEST_US), _to_us(actions, f"max.{name}", _HIGHEST_US)
    logged = highest < _HIGHEST_US
    highest[logged] += _LOGGED_PRECISION_US - 1
    if "event_date" in spec.partition_by and name == spec.sort_by[-1]:
        days = _to_integers(actions, "partition.event_date", -1) * DAY_US
        lowest = np.where((lowest == _LOWEST_US) & (days >= 0), days, lowest)
        highest = np.where((highest == _HIGHEST_US) & (days >= 0), days + DAY_US - 1, highest)
    return lowest, highest


def _to_us(actions: pa.Table, name: str, absent: int) -> Integers:
    column = _column(actions, name)
    if column is None or not pa.types.is_timestamp(column.type):
        return np.full(actions.num_rows, absent, dtype=np.int64)
    instants = pc.cast(pc.cast(column, pa.timestamp("us", tz="UTC")), pa.int64())
    return np.array(pc.fill_null(instants, absent).to_numpy(zero_copy_only=False), dtype=np.int64)
