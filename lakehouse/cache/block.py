"""Rows of one symbol and one UTC day as sorted columns in memory: what a history is answered from without a file."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.engine.row_groups import to_schema
from lakehouse.errors import LakehouseError
from lakehouse.messages.positions import encode_sources, is_offset_beyond
from lakehouse.schema.spec import TableSpec
from lakehouse.series.definitions import Series
from lakehouse.time_range import DAY_US

# Strings with few values, kept as codes. All other strings are text.
_CODED = frozenset({"label", "model", "model_version", "origin", "horizon", "quote", "venue"})
_MAX_CODES = 65_535
NO_INSTANT = int(np.iinfo(np.int64).min)
_KEY_COLUMNS = ("topic_id", "kafka_partition", "kafka_offset")

Codes = npt.NDArray[np.uint16]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
BlockKey = tuple[str, int]
"""(symbol, days since the epoch)"""


class DictionaryOverflowError(LakehouseError):
    """A coded column has more distinct values than a code can tell apart."""


class DictionaryEncoder:
    """Values of one table's coded columns, and the sources of its rows, each with a number. Grows, under a lock."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str | None, int]] = {}
        self._values: dict[str, npt.NDArray[np.object_]] = {}
        self._source_codes: dict[TopicPartition, int] = {}
        self.sources: tuple[TopicPartition, ...] = ()
        self.source_ranks: Codes = np.empty(0, dtype=np.uint16)

    def encode(self, name: str, column: pa.Array) -> Codes:
        """The codes of a column. Raises DictionaryOverflowError."""
        encoded = _encoded(column)
        known = self._codes.setdefault(name, {})
        codes = [known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()]
        if len(known) > _MAX_CODES:
            raise DictionaryOverflowError(name)
        if len(self._values.get(name, ())) < len(known):
            self._values[name] = np.array(list(known), dtype=object)
        indices: Integers = encoded.indices.to_numpy(zero_copy_only=False)
        return np.asarray(codes, dtype=np.uint16)[indices]

    def encode_sources(self, topic_ids: pa.Array, partitions: Integers) -> Codes:
        """Return the code of each row's topic and partition; ``source_ranks`` gives their order.

        Raises: DictionaryOverflowError.
        """
        own_codes, keys = encode_sources(topic_ids, partitions)
        codes = [self._source_codes.setdefault(key, len(self._source_codes)) for key in keys]
        if len(self._source_codes) > len(self.sources):
            if len(self._source_codes) > _MAX_CODES:
                raise DictionaryOverflowError("sources")
            sources = tuple(self._source_codes)
            ranks = np.empty(len(sources), dtype=np.uint16)
            ranks[sorted(range(len(sources)), key=lambda code: sources[code])] = np.arange(len(sources))
            self.source_ranks, self.sources = ranks, sources
        by_row: Codes = np.asarray(codes, dtype=np.uint16)[own_codes]
        return by_row

    def code(self, name: str, value: str) -> int | None:
        """The code of a value; None where no row has it."""
        return self._codes.get(name, {}).get(value)

    def values(self, name: str) -> list[str | None]:
        """The values of a column in the order of their codes."""
        return list(self._codes.get(name, {}))

    def decode(self, name: str, codes: Codes) -> list[str | None]:
        decoded: list[str | None] = self._values[name][codes].tolist() if codes.size else []
        return decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which columns of a series are kept, by how they are kept."""

    time: str
    instants: tuple[str, ...]
    numbers: tuple[str, ...]
    coded: tuple[str, ...]
    text: tuple[str, ...]

    @staticmethod
    def of(series: Series) -> "Layout":
        types = {column.name: column.type for column in series.table.columns}
        names = series.raw_columns
        coded = tuple(name for name in names if name in _CODED)
        instants = tuple(name for name in names[1:] if types[name] == "timestamp")
        numbers = tuple(name for name in names if types[name] == "double")
        kept = {names[0], *coded, *instants, *numbers}
        return Layout(
            time=names[0],
            instants=instants,
            numbers=numbers,
            coded=coded,
            text=tuple(name for name in names if name not in kept),
        )

    def read_schema(self, spec: TableSpec, *, with_text: bool) -> pa.Schema:
        """What is read from row groups: strings of few values as dictionaries."""
        coded = {"symbol", "topic_id", *self.coded}
        return to_schema(spec.to_arrow_schema(), self.column_names(with_text=with_text), coded=coded)

    def column_names(self, *, with_text: bool) -> list[str]:
        """What is read from storage."""
        names = ["symbol", self.time, *self.instants, *self.numbers, *self.coded, *_KEY_COLUMNS]
        return names + list(self.text) if with_text else names


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Block:
    """Immutable. Rows ascend in (time, topic id, partition, offset); a number that is null is NaN.

    ``highest`` is the highest offset of each source. ``text`` is None where only numbers and codes were read.
    """

    times: Integers
    sources: Codes
    offsets: Integers
    instants: Mapping[str, Integers]
    numbers: Mapping[str, Floats]
    codes: Mapping[str, Codes]
    text: Mapping[str, pa.Array] | None
    highest: Mapping[int, int]

    @property
    def n_bytes(self) -> int:
        arrays: list[Any] = [self.times, self.sources, self.offsets]
        for columns in (self.instants, self.numbers, self.codes, self.text or {}):
            arrays.extend(columns.values())
        return sum(array.nbytes for array in arrays)

    def window(self, start_us: int, end_us: int) -> tuple[int, int]:
        """The rows of [start, end), as a slice."""
        low, high = np.searchsorted(self.times, (start_us, end_us))
        return int(low), int(high)

    def visible(
        self, low: int, high: int, cut: Position, lexicon: DictionaryEncoder
    ) -> npt.NDArray[np.bool_] | None:
        """Which rows of a slice are before a position; None where all are."""
        sources = lexicon.sources
        if all(offset < cut[sources[code]] for code, offset in self.highest.items()):
            return None
        return ~is_offset_beyond(self.offsets[low:high], self.sources[low:high], sources, cut)

    def without_text(self) -> "Block":
        return replace(self, text=None)

    def cut(self, low: int, high: int) -> "Block":
        """Consecutive rows of it, without a copy. ``highest`` stays the whole block's, which no row exceeds."""
        own = slice(low, high)
        return replace(
            self,
            times=self.times[own],
            sources=self.sources[own],
            offsets=self.offsets[own],
            instants={name: column[own] for name, column in self.instants.items()},
            numbers={name: column[own] for name, column in self.numbers.items()},
            codes={name: column[own] for name, column in self.codes.items()},
            text=None if self.text is None else {name: text[own] for name, text in self.text.items()},
        )

    def before(self, position: Position, lexicon: DictionaryEncoder) -> "Block":
        """The rows before a position."""
        mask = self.visible(0, len(self.times), position, lexicon)
        if mask is None:
            return self
        return Block(
            times=self.times[mask],
            sources=self.sources[mask],
            offsets=self.offsets[mask],
            instants={name: column[mask] for name, column in self.instants.items()},
            numbers={name: column[mask] for name, column in self.numbers.items()},
            codes={name: column[mask] for name, column in self.codes.items()},
            text=None
            if self.text is None
            else {name: text.filter(pa.array(mask)) for name, text in self.text.items()},
            highest=_highest(self.sources[mask], self.offsets[mask]),
        )


def to_blocks(
    rows: pa.Table,
    layout: Layout,
    lexicon: DictionaryEncoder,
    *,
    with_text: bool,
    wanted: Container[BlockKey] | None = None,
) -> Iterator[tuple[BlockKey, Block]]:
    """Rows of any order, split by symbol and day; only those ``wanted`` if given. Raises DictionaryOverflowError."""
    columns = {name: rows[name].combine_chunks() for name in layout.column_names(with_text=with_text)}
    symbols = columns["symbol"].dictionary_encode()
    symbol_codes = symbols.indices.to_numpy(zero_copy_only=False)
    times, offsets = _to_integers(columns[layout.time]), _to_integers(columns["kafka_offset"])
    sources = lexicon.encode_sources(columns["topic_id"], _to_integers(columns["kafka_partition"]))
    instants = {name: _to_integers(columns[name]) for name in layout.instants}
    numbers = {name: _to_floats(columns[name]) for name in layout.numbers}
    codes = {name: lexicon.encode(name, columns[name]) for name in layout.coded}
    keys = (symbol_codes, times, lexicon.source_ranks[sources], offsets)
    order = None if _is_ascending(keys) else np.lexsort(keys[::-1])
    days, owners = _taken(times // DAY_US, order), _taken(symbol_codes, order)
    edges = np.flatnonzero((days[1:] != days[:-1]) | (owners[1:] != owners[:-1])) + 1
    for low, high in zip([0, *edges.tolist()], [*edges.tolist(), len(days)], strict=True):
        if low == high:
            continue
        key = symbols.dictionary[int(owners[low])].as_py(), int(days[low])
        if wanted is not None and key not in wanted:
            continue
        kept = slice(low, high) if order is None else order[low:high]
        yield (
            key,
            Block(
                times=times[kept].copy(),
                sources=sources[kept].copy(),
                offsets=offsets[kept].copy(),
                instants={name: column[kept].copy() for name, column in instants.items()},
                numbers={name: column[kept].copy() for name, column in numbers.items()},
                codes={name: column[kept].copy() for name, column in codes.items()},
                text={name: _taken_text(columns[name], kept) for name in layout.text} if with_text else None,
                highest=_highest(sources[kept], offsets[kept]),
            ),
        )


def merge_blocks(blocks: Sequence[Block], lexicon: DictionaryEncoder) -> Block:
    """One block of the rows of several. Text is kept where all of them have it."""
    times = np.concatenate([block.times for block in blocks])
    sources = np.concatenate([block.sources for block in blocks])
    offsets = np.concatenate([block.offsets for block in blocks])
    order = np.lexsort((offsets, lexicon.source_ranks[sources], times))
    with_text = all(block.text is not None for block in blocks)

    def joined(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {name: np.concatenate([each[name] for each in columns])[order] for name in columns[0]}

    return Block(
        times=times[order],
        sources=sources[order],
        offsets=offsets[order],
        instants=joined([block.instants for block in blocks]),
        numbers=joined([block.numbers for block in blocks]),
        codes=joined([block.codes for block in blocks]),
        text=_joined_text([block.text or {} for block in blocks], pa.array(order)) if with_text else None,
        highest=_highest(sources, offsets),
    )


def empty_block(layout: Layout, spec: TableSpec, *, with_text: bool) -> Block:
    """The block of a symbol and day without rows."""
    schema = spec.to_arrow_schema()
    return Block(
        times=np.empty(0, dtype=np.int64),
        sources=np.empty(0, dtype=np.uint16),
        offsets=np.empty(0, dtype=np.int64),
        instants={name: np.empty(0, dtype=np.int64) for name in layout.instants},
        numbers={name: np.empty(0, dtype=np.float64) for name in layout.numbers},
        codes={name: np.empty(0, dtype=np.uint16) for name in layout.coded},
        text={name: pa.array([], schema.field(name).type) for name in layout.text} if with_text else None,
        highest={},
    )


def _joined_text(columns: Sequence[Mapping[str, pa.Array]], order: pa.Array) -> dict[str, pa.Array]:
    return {name: pa.concat_arrays([each[name] for each in columns]).take(order) for name in columns[0]}


def _highest(sources: Codes, offsets: Integers) -> dict[int, int]:
    held = np.flatnonzero(np.bincount(sources)).tolist()
    return {code: int(offsets[sources == code].max()) for code in held}


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    """A column as a dictionary in which null is a value."""
    if not isinstance(column, pa.DictionaryArray):
        return column.dictionary_encode(null_encoding="encode")
    return column if not column.null_count else _encoded(column.dictionary_decode())


def _is_ascending(keys: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether rows are in the order of their keys already, as those of a sorted file are."""
    equal = np.ones(max(0, len(keys[0]) - 1), dtype=bool)
    for key in keys:
        if (equal & (key[1:] < key[:-1])).any():
            return False
        equal &= key[1:] == key[:-1]
        if not equal.any():
            break
    return True


def _taken(column: npt.NDArray[Any], order: Integers | None) -> npt.NDArray[Any]:
    return column if order is None else column[order]


def _taken_text(column: pa.Array, kept: slice | Integers) -> pa.Array:
    """Never a view: what is kept must not hold on to rows that are not."""
    if not isinstance(kept, slice):
        return column.take(pa.array(kept))
    return pa.concat_arrays([column[kept]])


def _to_integers(column: pa.Array) -> Integers:
    integers: Integers = pc.fill_null(pc.cast(column, pa.int64()), NO_INSTANT).to_numpy(zero_copy_only=False)
    return integers


def _to_floats(column: pa.Array) -> Floats:
    floats: Floats = pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False)
    return floats
