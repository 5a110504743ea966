"""The rows of a history from columns in memory, newest first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.column_block import NO_INSTANT, Block, Lexicon
from lakehouse.columns import MAX_DAYS, SymbolColumns
from lakehouse.history_query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.time_range import DAY_US

_FIRST_DAYS = 1
_Key = tuple[int, str, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Picked:
    """Rows of a block, ascending: a slice, or their numbers."""

    block: Block
    rows: slice | npt.NDArray[np.int64]
    n_rows: int


def read_column_rows(lake: Lake, query: HistoryQuery, pin: Pin) -> list[Row] | None:
    """What `read_rows` gives, or None where files have to answer."""
    key = query.cursor.last_key if query.cursor is not None else None
    start_us, end_us = query.time_range.start_us, query.time_range.end_us
    if key is not None:
        end_us = min(end_us, key[0] + 1)
    if query.axis != query.series.time_column or end_us <= start_us:
        return None
    table, picked, n_wanted = pin.snapshot[query.series.table.name], [], query.limit + 1
    first_day, end_day, n_days = start_us // DAY_US, (end_us - 1) // DAY_US + 1, _FIRST_DAYS
    oldest = max(first_day, end_day - MAX_DAYS)
    while n_wanted > 0 and end_day > oldest:
        days = range(max(oldest, end_day - n_days), end_day)
        columns = lake.columns.read(table, query.series, query.symbol, days, with_text=True)
        if columns is None:
            return None
        for block in reversed(columns.blocks):
            found = _pick(block, columns, query, pin, n_wanted, (start_us, end_us), key)
            picked.append((found, columns.lexicon))
            n_wanted -= found.n_rows
        end_day, n_days = days.start, n_days * 2
    if n_wanted > 0 and end_day > first_day:
        return None
    rows = [row for found, lexicon in picked for row in reversed(_to_rows(found, query, lexicon))]
    return rows[: query.limit + 1]


def filters(query: HistoryQuery, pin: Pin) -> dict[str, str]:
    """{column: the value that a row must have}, beside symbol and time."""
    asked = {"model": query.model, "horizon": query.horizon, **pin.bound_market(query.series)}
    return {name: value for name, value in asked.items() if value is not None}


def kept_rows(
    block: Block, columns: SymbolColumns, pin: Pin, name: str, wanted: dict[str, str], low: int, high: int
) -> npt.NDArray[np.bool_] | None:
    """Which rows of a slice the pinned version has and the filters leave; None where all."""
    mask, table = None, pin.snapshot[name]
    cut = pin.cut(table)
    if cut is None and columns.ahead:
        cut = table.position
    if cut is not None:
        mask = block.visible(low, high, cut, columns.lexicon)
    for column, value in wanted.items():
        code = columns.lexicon.code(column, value)
        equal = np.zeros(high - low, dtype=bool) if code is None else block.codes[column][low:high] == code
        mask = equal if mask is None else mask & equal
    return mask


def _pick(
    block: Block,
    columns: SymbolColumns,
    query: HistoryQuery,
    pin: Pin,
    n_wanted: int,
    between_us: tuple[int, int],
    key: _Key | None,
) -> _Picked:
    low, high = block.window(*between_us)
    if key is not None:
        while high > low and _key(block, columns.lexicon, high - 1) >= key:
            high -= 1
    mask = kept_rows(block, columns, pin, query.series.table.name, filters(query, pin), low, high)
    if mask is None:
        low = max(low, high - n_wanted)
        return _Picked(block, slice(low, high), high - low)
    rows = low + np.flatnonzero(mask)[-n_wanted:]
    return _Picked(block, rows, len(rows))


def _key(block: Block, lexicon: Lexicon, row: int) -> _Key:
    source = lexicon.sources[block.sources[row]]
    return int(block.times[row]), source.topic_id, source.partition, int(block.offsets[row])


def _to_rows(picked: _Picked, query: HistoryQuery, lexicon: Lexicon) -> list[Row]:
    block, rows = picked.block, picked.rows
    sources = [lexicon.sources[code] for code in block.sources[rows].tolist()]
    return list(
        zip(
            *(_to_list(name, block, rows, query, lexicon) for name in query.series.raw_columns),
            [source.topic_id for source in sources],
            [source.partition for source in sources],
            block.offsets[rows].tolist(),
            strict=True,
        )
    )


def _to_list(
    name: str, block: Block, rows: slice | npt.NDArray[np.int64], query: HistoryQuery, lexicon: Lexicon
) -> list[Any]:
    if name == query.series.time_column:
        times: list[int] = block.times[rows].tolist()
        return times
    if name in block.codes:
        return lexicon.decode(name, block.codes[name][rows])
    if name in block.numbers:
        numbers: list[float] = block.numbers[name][rows].tolist()
        return [None if number != number else number for number in numbers]
    if name in block.instants:
        return [None if us == NO_INSTANT else us for us in block.instants[name][rows].tolist()]
    text = (block.text or {})[name]
    taken = text[rows] if isinstance(rows, slice) else text.take(pa.array(rows))
    listed: list[Any] = taken.to_pylist()
    return listed
