"""The rows of a history from columns in memory, newest first."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.cache.block import NO_INSTANT, Block, DictionaryEncoder
from lakehouse.cache.newest_rows import newest_columns
from lakehouse.cache.store import MAX_DAYS
from lakehouse.cache.symbol_columns import SymbolColumns
from lakehouse.history.query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.time_range import DAY_US, TimeRange

_FIRST_DAYS = 1
_Key = tuple[int, str, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Picked:
    """Rows of a block, ascending: a slice, or their numbers."""

    block: Block
    lexicon: DictionaryEncoder
    rows: slice | npt.NDArray[np.int64]
    n_rows: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The newest ``n_rows`` rows of a range that come before a key."""

    between: TimeRange
    before_key: _Key | None
    n_rows: int

    def since(self, start_us: int) -> "_Wanted":
        start_us = min(max(start_us, self.between.start_us), self.between.end_us)
        return replace(self, between=TimeRange(start_us, self.between.end_us))


def read_column_rows(
    lake: Lake, query: HistoryQuery, pin: Pin, names: tuple[str, ...] | None = None
) -> list[Row] | None:
    """What `read_rows` gives, or only some raw columns before the key; None where files have to answer."""
    key = query.cursor.last_key if query.cursor is not None else None
    start_us, end_us = query.time_range.start_us, query.time_range.end_us
    if key is not None:
        end_us = min(end_us, key[0] + 1)
    if not lake.columns.is_on or query.axis != query.series.time_column or end_us <= start_us:
        return None
    picked, n_wanted = [], query.limit + 1
    first_day, end_day, n_days = start_us // DAY_US, (end_us - 1) // DAY_US + 1, _FIRST_DAYS
    oldest = max(first_day, end_day - MAX_DAYS)
    while n_wanted > 0 and end_day > oldest:
        days = range(max(oldest, end_day - n_days), end_day)
        between = TimeRange(max(start_us, days.start * DAY_US), min(end_us, days.stop * DAY_US))
        found = _read_days(lake, query, pin, days, _Wanted(between, key, n_wanted))
        if found is None:
            return None
        picked += found
        n_wanted -= sum(each.n_rows for each in found)
        end_day, n_days = days.start, n_days * 2
    if n_wanted > 0 and end_day > first_day:
        return None
    names = names or query.series.raw_columns
    rows = [row for found in picked for row in reversed(_to_rows(found, query, names))]
    return rows[: query.limit + 1]


def _read_days(
    lake: Lake, query: HistoryQuery, pin: Pin, days: range, wanted: _Wanted
) -> list[_Picked] | None:
    """The newest of the wanted rows of some days: from memory, else from the row groups that hold them.

    Days of many rows are kept in memory only once they are asked for again. None where files have to answer.
    """
    table, series, symbol = pin.snapshot[query.series.table.name], query.series, query.symbol
    columns = lake.columns.read(table, series, symbol, days, with_text=True, unless_many=True)
    if columns is None:
        newest = newest_columns(table, series, symbol, wanted.between, n_wanted=wanted.n_rows)
        for columns, since_us in newest:
            found = _pick_all(columns, query, pin, wanted.since(since_us))
            if since_us == wanted.between.start_us or sum(each.n_rows for each in found) >= wanted.n_rows:
                return found
        columns = lake.columns.read(table, series, symbol, days, with_text=True)
    return None if columns is None else _pick_all(columns, query, pin, wanted)


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


def _pick_all(columns: SymbolColumns, query: HistoryQuery, pin: Pin, wanted: _Wanted) -> list[_Picked]:
    """The newest wanted rows, later blocks first."""
    picked: list[_Picked] = []
    n_wanted = wanted.n_rows
    for block in reversed(columns.blocks):
        if n_wanted > 0:
            picked.append(_pick(block, columns, query, pin, replace(wanted, n_rows=n_wanted)))
            n_wanted -= picked[-1].n_rows
    return picked


def _pick(block: Block, columns: SymbolColumns, query: HistoryQuery, pin: Pin, wanted: _Wanted) -> _Picked:
    lexicon, n_wanted = columns.lexicon, wanted.n_rows
    low, high = block.window(wanted.between.start_us, wanted.between.end_us)
    if wanted.before_key is not None:
        while high > low and _key(block, lexicon, high - 1) >= wanted.before_key:
            high -= 1
    mask = kept_rows(block, columns, pin, query.series.table.name, filters(query, pin), low, high)
    if mask is None:
        low = max(low, high - n_wanted)
        return _Picked(block, lexicon, slice(low, high), high - low)
    rows = low + np.flatnonzero(mask)[-n_wanted:]
    return _Picked(block, lexicon, rows, len(rows))


def _key(block: Block, lexicon: DictionaryEncoder, row: int) -> _Key:
    source = lexicon.sources[block.sources[row]]
    return int(block.times[row]), source.topic_id, source.partition, int(block.offsets[row])


def _to_rows(picked: _Picked, query: HistoryQuery, names: tuple[str, ...]) -> list[Row]:
    block, lexicon, rows = picked.block, picked.lexicon, picked.rows
    sources = [lexicon.sources[code] for code in block.sources[rows].tolist()]
    return list(
        zip(
            *(_to_list(name, block, rows, query, lexicon) for name in names),
            [source.topic_id for source in sources],
            [source.partition for source in sources],
            block.offsets[rows].tolist(),
            strict=True,
        )
    )


def _to_list(
    name: str,
    block: Block,
    rows: slice | npt.NDArray[np.int64],
    query: HistoryQuery,
    lexicon: DictionaryEncoder,
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
