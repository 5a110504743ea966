"""Rows from those row groups of Parquet files that may hold them, read without a query engine."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.errors import FileGoneError
from lakehouse.time_range import TimeRange

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_LOWEST = int(np.iinfo(np.int64).min)
_HIGHEST = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSelection:
    """Rows of a symbol (None: of all) whose time lies in a range, and the columns of them that are read.

    Fields of ``schema`` that are dictionaries are read as such: a column of few strings costs a third of it.
    """

    symbol: str | None
    time_column: str
    time_range: TimeRange
    schema: pa.Schema


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """Open file: ``names`` of the read columns that it has, ``columns`` the indices of all in its footer."""

    opened: pq.ParquetFile
    names: list[str]
    columns: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class RowGroup:
    """A row group of an open file. Its rows' times lie within the bounds."""

    file: _File
    number: int
    n_rows: int
    lowest_us: int
    highest_us: int


def to_schema(whole: pa.Schema, names: Iterable[str], *, coded: Collection[str]) -> pa.Schema:
    """Return some columns of a table's schema, those that are ``coded`` as dictionaries."""
    return pa.schema([pa.field(name, _DICTIONARY) if name in coded else whole.field(name) for name in names])


def find_row_groups(paths: Iterable[str], selection: RowSelection) -> list[RowGroup]:
    """Return the row groups that may hold a selected row. Raises FileGoneError where a file was vacuumed."""
    start_us, end_us = selection.time_range.start_us, selection.time_range.end_us
    return [
        group
        for path in paths
        for group in _groups_of(_open(path, selection.schema), selection)
        if group.highest_us >= start_us and group.lowest_us < end_us
    ]


def read_row_groups(groups: Sequence[RowGroup], selection: RowSelection) -> pa.Table:
    """Return the selected rows of row groups; a column that a file lacks is null."""
    tables = [selection.schema.empty_table()]
    for file, own in groupby(groups, key=lambda group: group.file):
        numbers = [group.number for group in own]
        read = file.opened.read_row_groups(numbers, columns=file.names, use_threads=False)
        tables.append(_only(conform(read, selection.schema), selection))
    return pa.concat_tables(tables)


def conform(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, null where the rows lack one."""
    held = set(rows.column_names)
    columns = [
        _to_type(rows[field.name], field.type) if field.name in held else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _to_type(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == to else column.cast(to, safe=False)


def _open(path: str, schema: pa.Schema) -> _File:
    try:
        metadata = pq.read_metadata(path)
        columns = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
        held = {path.partition(".")[0] for path in columns}
        coded = [field.name for field in schema if field.type == _DICTIONARY and field.name in columns]
        opened = pq.ParquetFile(path, metadata=metadata, read_dictionary=coded, pre_buffer=False)
    except FileNotFoundError as error:
        raise FileGoneError(problem=str(error)) from error
    return _File(opened, [name for name in schema.names if name in held], columns)


def _groups_of(file: _File, selection: RowSelection) -> Iterable[RowGroup]:
    metadata = file.opened.metadata
    symbol_at, time_at = file.columns["symbol"], file.columns[selection.time_column]
    in_us = "micro" in str(metadata.schema.column(time_at).logical_type)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        symbols, times = (group.column(at).statistics for at in (symbol_at, time_at))
        if selection.symbol is not None and not _may_hold(symbols, selection.symbol):
            continue
        is_known = in_us and times is not None and times.has_min_max
        bounds_us = (times.min_raw, times.max_raw) if is_known else (_LOWEST, _HIGHEST)
        yield RowGroup(file, number, group.num_rows, *bounds_us)


def _may_hold(symbols: Any, symbol: str) -> bool:
    return symbols is None or not symbols.has_min_max or symbols.min <= symbol <= symbols.max


def _only(rows: pa.Table, selection: RowSelection) -> pa.Table:
    """Return the selected rows; those of sorted files lie side by side, and are a slice without a copy."""
    times = pc.cast(rows[selection.time_column], pa.int64()).to_numpy()
    mask = (times >= selection.time_range.start_us) & (times < selection.time_range.end_us)
    if selection.symbol is not None:
        mask &= pc.equal(rows["symbol"], selection.symbol).to_numpy()
    selected = np.flatnonzero(mask)
    if len(selected) == len(mask):
        return rows
    if len(selected) and selected[-1] - selected[0] + 1 == len(selected):
        return rows.slice(int(selected[0]), len(selected))
    return rows.filter(pa.array(mask))
