"""Statistics of files as arrays, from either form of them: delta-rs' add actions, or the files of a parsed commit."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta.commit import AddedFile
from lakehouse.time_range import to_us

Integers = npt.NDArray[np.int64]
Strings = npt.NDArray[np.str_]

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class FileStatistics(Protocol):
    """Columns of some files: ``min.NAME``, ``max.NAME``, ``partition.NAME``, ``num_records``, ``size_bytes``.

    ``absent`` stands where a file has no such statistic.
    """

    def paths(self) -> list[str]: ...
    def integers(self, name: str, absent: int) -> Integers: ...
    def strings(self, name: str, absent: str) -> Strings: ...
    def days(self, name: str, absent: int) -> Integers: ...
    def instants_us(self, name: str, absent: int) -> Integers: ...


class LoggedStatistics:
    """Statistics of all files of a version, as `DeltaTable.get_add_actions` gives them flattened."""

    def __init__(self, actions: pa.Table) -> None:
        self._actions = actions

    def paths(self) -> list[str]:
        """Return the files' paths as the log has them."""
        paths: list[str] = self._actions.column("path").to_pylist()
        return paths

    def integers(self, name: str, absent: int) -> Integers:
        """Return a column of numbers."""
        return self._cast(self._column(name), absent)

    def strings(self, name: str, absent: str) -> Strings:
        """Return a column of texts."""
        column = self._column(name)
        values = [None] * self._actions.num_rows if column is None else column.to_pylist()
        return np.array([absent if value is None else value for value in values], dtype=np.str_)

    def days(self, name: str, absent: int) -> Integers:
        """Return a column of days since the epoch."""
        column = self._column(name)
        return self._cast(None if column is None else pc.cast(column, pa.int32()), absent)

    def instants_us(self, name: str, absent: int) -> Integers:
        """Return a column of instants in epoch microseconds."""
        column = self._column(name)
        if column is None or not pa.types.is_timestamp(column.type):
            return self._cast(None, absent)
        return self._cast(pc.cast(column, pa.timestamp("us", tz="UTC")), absent)

    def _column(self, name: str) -> Any:
        return self._actions.column(name).combine_chunks() if name in self._actions.column_names else None

    def _cast(self, column: Any, absent: int) -> Integers:
        if column is None:
            return np.full(self._actions.num_rows, absent, dtype=np.int64)
        numbers = pc.fill_null(pc.cast(column, pa.int64()), absent).to_numpy(zero_copy_only=False)
        return np.array(numbers, dtype=np.int64)


class CommitStatistics:
    """Statistics of the files that one commit adds. A text that is no time or day raises ValueError.

    Following a commit of one file takes 0.15 ms with it, and 0.65 ms by way of Arrow columns.
    """

    def __init__(self, files: Sequence[AddedFile]) -> None:
        self._files = files
        self._values: dict[str, list[Mapping[str, Any]]] = {
            "min": [file.lowest for file in files],
            "max": [file.highest for file in files],
            "partition": [file.partition_values for file in files],
        }

    def paths(self) -> list[str]:
        """Return the files' paths as the log has them."""
        return [file.path for file in self._files]

    def integers(self, name: str, absent: int) -> Integers:
        """Return a column of numbers."""
        if name == "num_records":
            return np.array([file.n_rows for file in self._files], dtype=np.int64)
        if name == "size_bytes":
            return np.array([file.size_bytes for file in self._files], dtype=np.int64)
        return np.array(self._column(name, absent), dtype=np.int64)

    def strings(self, name: str, absent: str) -> Strings:
        """Return a column of texts."""
        return np.array(self._column(name, absent), dtype=np.str_)

    def days(self, name: str, absent: int) -> Integers:
        """Return a column of days since the epoch."""
        values = self._column(name, None)
        days = [date.fromisoformat(day).toordinal() - _EPOCH_ORDINAL if day else absent for day in values]
        return np.array(days, dtype=np.int64)

    def instants_us(self, name: str, absent: int) -> Integers:
        """Return a column of instants in epoch microseconds."""
        times = self._column(name, None)
        instants = [absent if time is None else to_us(datetime.fromisoformat(time)) for time in times]
        return np.array(instants, dtype=np.int64)

    def _column(self, name: str, absent: Any) -> list[Any]:
        kind, _, column = name.partition(".")
        values = [of_file.get(column) for of_file in self._values[kind]]
        return [absent if value is None else value for value in values]
