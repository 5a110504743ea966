"""Sorted columns in memory of the rows of one symbol and one UTC day."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.cache.encoder import Codes, DictionaryEncoder
from lakehouse.delta.position import Position
from lakehouse.engine.row_groups import to_schema
from lakehouse.messages.positions import Integers, Mask, is_offset_beyond
from lakehouse.schema.spec import TableSpec
from lakehouse.series.definitions import Series
from lakehouse.time_range import DAY_US

# Strings with few values, held as codes. All other strings are text.
_CODED = frozenset({"label", "model", "model_version", "origin", "horizon", "quote", "venue"})
NO_INSTANT = int(np.iinfo(np.int64).min)
_KEY_COLUMNS = ("topic_id", "kafka_partition", "kafka_offset")

Rows = slice | Integers
BlockKey = tuple[str, int]
"""(symbol, days since the epoch)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a series that are held, by the form that they are held in."""

    time: str
    instants: tuple[str, ...]
    numbers: tuple[str, ...]
    coded: tuple[str, ...]
    text: tuple[str, ...]

    @staticmethod
    def of(series: Series) -> "Layout":
        types = {column.name: column.type for column in series.table.columns}
        time, *names = series.raw_columns
        coded = tuple(name for name in names if name in _CODED)
        instants = tuple(name for name in names if types[name] == "timestamp")
        numbers = tuple(name for name in names if types[name] == "double")
        text = tuple(name for name in names if name not in {*coded, *instants, *numbers})
        return Layout(time=time, instants=instants, numbers=numbers, coded=coded, text=text)

    def read_schema(self, spec: TableSpec, *, with_text: bool) -> pa.Schema:
        """Return what is read from row groups: strings of few values as dictionaries."""
        coded = {"symbol", "topic_id", *self.coded}
        return to_schema(spec.to_arrow_schema(), self.column_names(with_text=with_text), coded=coded)

    def column_names(self, *, with_text: bool) -> list[str]:
        """Return the columns that are read from storage."""
        names = ["symbol", self.time, *self.instants, *self.numbers, *self.coded, *_KEY_COLUMNS]
        return names + list(self.text) if with_text else names


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows that ascend in (time, topic id, partition, offset). Immutable.

    ``columns`` are instants, numbers (NaN where null) and codes. ``text`` is None where only those were read.
    ``highest`` is the highest offset of each source.
    """

    times: Integers
    sources: Codes
    offsets: Integers
    columns: Mapping[str, npt.NDArray[Any]]
    text: Mapping[str, pa.Array] | None
    highest: Mapping[int, int]

    @property
    def n_bytes(self) -> int:
        arrays = (self.times, self.sources, self.offsets, *self.columns.values(), *(self.text or {}).values())
        return sum(array.nbytes for array in arrays)

    def window(self, start_us: int, end_us: int) -> tuple[int, int]:
        """Return the rows of [start, end) as the ends of a slice."""
        low, high = np.searchsorted(self.times, (start_us, end_us))
        return int(low), int(high)

    def visible(self, low: int, high: int, cut: Position, encoder: DictionaryEncoder) -> Mask | None:
        """Return a mask of the rows of a slice that are before a position; None where all are."""
        sources = encoder.sources
        if all(offset < cut[sources[code]] for code, offset in self.highest.items()):
            return None
        return ~is_offset_beyond(self.offsets[low:high], self.sources[low:high], sources, cut)

    def without_text(self) -> "Block":
        return replace(self, text=None)

    def cut(self, low: int, high: int) -> "Block":
        """Return consecutive rows, without a copy. ``highest`` stays the whole block's, which no row exceeds."""
        return self._take(slice(low, high), lambda text: text[low:high], self.highest)

    def before(self, position: Position, encoder: DictionaryEncoder) -> "Block":
        """Return the rows before a position."""
        mask = self.visible(0, len(self.times), position, encoder)
        if mask is None:
            return self
        highest = _highest(self.sources[mask], self.offsets[mask])
        return self._take(mask, lambda text: text.filter(pa.array(mask)), highest)

    def _take(
        self, rows: Rows | Mask, take_text: Callable[[pa.Array], pa.Array], highest: Mapping[int, int]
    ) -> "Block":
        return Block(
            self.times[rows],
            self.sources[rows],
            self.offsets[rows],
            {name: column[rows] for name, column in self.columns.items()},
            None if self.text is None else {name: take_text(text) for name, text in self.text.items()},
            highest,
        )


def to_blocks(
    rows: pa.Table,
    layout: Layout,
    encoder: DictionaryEncoder,
    *,
    with_text: bool,
    only: Container[BlockKey] | None = None,
) -> Iterator[tuple[BlockKey, Block]]:
    """Split rows of any order by symbol and day; ``only`` those of given keys. Raises DictionaryOverflowError."""
    read = {name: rows[name].combine_chunks() for name in layout.column_names(with_text=with_text)}
    symbols = read["symbol"].dictionary_encode()
    symbol_codes = symbols.indices.to_numpy(zero_copy_only=False)
    times, offsets = _to_integers(read[layout.time]), _to_integers(read["kafka_offset"])
    sources = encoder.encode_sources(read["topic_id"], _to_integers(read["kafka_partition"]))
    columns = _to_columns(read, layout, encoder)
    keys = (symbol_codes, times, encoder.source_ranks[sources], offsets)
    order = None if _is_ascending(keys) else np.lexsort(keys[::-1])
    days, owners = (key if order is None else key[order] for key in (times // DAY_US, symbol_codes))
    edges = np.flatnonzero((days[1:] != days[:-1]) | (owners[1:] != owners[:-1])) + 1
    for low, high in zip([0, *edges.tolist()], [*edges.tolist(), len(days)], strict=True):
        if low == high:
            continue
        key = symbols.dictionary[int(owners[low])].as_py(), int(days[low])
        if only is not None and key not in only:
            continue
        # Copies: a view would hold on to the rows of all keys.
        own: Rows = slice(low, high) if order is None else order[low:high]
        yield (
            key,
            Block(
                times[own].copy(),
                sources[own].copy(),
                offsets[own].copy(),
                {name: column[own].copy() for name, column in columns.items()},
                {name: _copy_text(read[name], own) for name in layout.text} if with_text else None,
                _highest(sources[own], offsets[own]),
            ),
        )


def merge_blocks(blocks: Sequence[Block], encoder: DictionaryEncoder) -> Block:
    """Merge the rows of several blocks. Text is held where all of them have it."""
    times = np.concatenate([block.times for block in blocks])
    sources = np.concatenate([block.sources for block in blocks])
    offsets = np.concatenate([block.offsets for block in blocks])
    order = np.lexsort((offsets, encoder.source_ranks[sources], times))
    texts = [block.text for block in blocks if block.text is not None]
    text = None
    if len(texts) == len(blocks):
        rows = pa.array(order)
        text = {name: pa.concat_arrays([each[name] for each in texts]).take(rows) for name in texts[0]}
    return Block(
        times[order],
        sources[order],
        offsets[order],
        {
            name: np.concatenate([block.columns[name] for block in blocks])[order]
            for name in blocks[0].columns
        },
        text,
        _highest(sources, offsets),
    )


def empty_block(layout: Layout, spec: TableSpec, *, with_text: bool) -> Block:
    """Return the block of a symbol and day without rows."""
    schema, no_integers = spec.to_arrow_schema(), np.empty(0, dtype=np.int64)
    no_codes = np.empty(0, dtype=np.uint16)
    columns: dict[str, npt.NDArray[Any]] = dict.fromkeys(layout.instants, no_integers)
    columns |= dict.fromkeys(layout.numbers, np.empty(0, dtype=np.float64))
    columns |= dict.fromkeys(layout.coded, no_codes)
    text = {name: pa.array([], schema.field(name).type) for name in layout.text} if with_text else None
    return Block(no_integers, no_codes, no_integers, columns, text, {})


def _highest(sources: Codes, offsets: Integers) -> dict[int, int]:
    codes = np.flatnonzero(np.bincount(sources)).tolist()
    return {code: int(offsets[sources == code].max()) for code in codes}


def _is_ascending(keys: Sequence[npt.NDArray[Any]]) -> bool:
    """Return whether rows are in the order of their keys already, as those of a sorted file are."""
    equal = np.ones(max(0, len(keys[0]) - 1), dtype=bool)
    for key in keys:
        if (equal & (key[1:] < key[:-1])).any():
            return False
        equal &= key[1:] == key[:-1]
        if not equal.any():
            break
    return True


def _to_columns(
    read: Mapping[str, pa.Array], layout: Layout, encoder: DictionaryEncoder
) -> dict[str, npt.NDArray[Any]]:
    columns: dict[str, npt.NDArray[Any]] = {name: _to_integers(read[name]) for name in layout.instants}
    for name in layout.numbers:
        columns[name] = pc.fill_null(read[name], float("nan")).to_numpy(zero_copy_only=False)
    return columns | {name: encoder.encode(name, read[name]) for name in layout.coded}


def _copy_text(column: pa.Array, rows: Rows) -> pa.Array:
    return pa.concat_arrays([column[rows]]) if isinstance(rows, slice) else column.take(pa.array(rows))


def _to_integers(column: pa.Array) -> Integers:
    integers: Integers = pc.fill_null(pc.cast(column, pa.int64()), NO_INSTANT).to_numpy(zero_copy_only=False)
    return integers
