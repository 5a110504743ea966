"""Days of one symbol as columns, and the rows of them that a question is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.cache.aggregation import Floats, Integers, Sums, sum_buckets, to_limbs
from lakehouse.cache.block import NO_INSTANT, Block, Layout, Rows, merge_blocks, to_blocks
from lakehouse.cache.encoder import DictionaryEncoder
from lakehouse.delta.position import Position
from lakehouse.messages.positions import Mask
from lakehouse.series.aggregates import COUNT, ORIGIN_BITS, Aggregate, Figures
from lakehouse.series.grid import Grid
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import TimeRange

Row = tuple[Any, ...]
Key = tuple[int, str, int, int]
"""Time, topic id, partition and offset of a row."""


@dataclass(frozen=True, slots=True, eq=False)
class SymbolColumns:
    """Consecutive days of one symbol, each in one block or two, ascending.

    Rows at or beyond ``position`` are not in the pinned version; None where no block has any.
    """

    blocks: Sequence[Block]
    encoder: DictionaryEncoder
    layout: Layout
    days: Sequence[int]
    position: Position | None

    def select(
        self,
        time_range: TimeRange,
        *,
        equal: Mapping[str, str],
        before: Position | None = None,
        since: Position | None = None,
    ) -> "SelectedRows":
        """Return the rows of a range whose columns ``equal`` values, at or beyond one position and before another."""
        before = self.position if before is None else before
        parts: list[tuple[Block, Rows]] = []
        for block in self.blocks:
            low, high = block.window(time_range.start_us, time_range.end_us)
            masks = [self._equals(block, low, high, column, value) for column, value in equal.items()]
            if (
                before is not None
                and (is_before := block.visible(low, high, before, self.encoder)) is not None
            ):
                masks.append(is_before)
            if since is not None:
                is_old = block.visible(low, high, since, self.encoder)
                masks.append(np.zeros(high - low, dtype=bool) if is_old is None else ~is_old)
            rows = low + np.flatnonzero(np.logical_and.reduce(masks)) if masks else slice(low, high)
            parts.append((block, rows))
        return SelectedRows(parts, self.encoder, self.layout)

    def _equals(self, block: Block, low: int, high: int, column: str, value: str) -> Mask:
        code = self.encoder.code(column, value)
        codes = block.columns[column][low:high]
        mask: Mask = np.zeros(high - low, dtype=bool) if code is None else codes == code
        return mask

    def with_tail(self, snapshot: TableSnapshot, *, with_text: bool) -> "SymbolColumns":
        """Return the columns with the rows of a pinned tail among them.

        Of a day only the rows after the first of the tail's are copied.
        """
        tail, blocks = snapshot.tail, list(self.blocks)
        if tail is None:
            return self
        if self.position is not None:
            blocks = [block.before(self.position, self.encoder) for block in blocks]
        if tail.rows.num_rows:
            added = to_blocks(tail.rows, self.layout, self.encoder, with_text=with_text)
            of_day = {day: block for (_, day), block in added}
            blocks = [
                part
                for day, block in zip(self.days, blocks, strict=True)
                for part in (_join(block, of_day[day], self.encoder) if day in of_day else (block,))
            ]
        return SymbolColumns(blocks, self.encoder, self.layout, self.days, position=None)


class SelectedRows:
    """Rows of a symbol, ascending in (time, topic id, partition, offset), whose columns are read as arrays."""

    def __init__(
        self, parts: Sequence[tuple[Block, Rows]], encoder: DictionaryEncoder, layout: Layout
    ) -> None:
        self._parts = parts
        self._encoder = encoder
        self._layout = layout

    @property
    def times(self) -> Integers:
        return np.concatenate([block.times[rows] for block, rows in self._parts])

    def integers(self, aggregate: Aggregate) -> Integers:
        if aggregate.kind is COUNT and aggregate.equal is None:
            return np.ones(len(self.times), dtype=np.int64)
        # A code stands for one value, so that a look-up by code does for all rows.
        values = self._encoder.values(aggregate.column)
        of_code = [
            ORIGIN_BITS.get(value or "", ORIGIN_BITS["replay"])
            if aggregate.equal is None
            else int(value == aggregate.equal)
            for value in values
        ]
        integers: Integers = np.array(of_code or [0], dtype=np.int64)[self._column(aggregate.column)]
        return integers

    def numbers(self, aggregate: Aggregate) -> Floats:
        return self._column(aggregate.column)

    def limbs(self, aggregate: Aggregate) -> Sequence[Integers]:
        return to_limbs(self._column(aggregate.column))

    def sum_buckets(self, figures: Figures, grid: Grid) -> dict[int, Sums]:
        """Return {start of a bucket: sums of the rows that count}, ascending."""
        rows = self if not figures.counted else self._without_nulls(figures.counted)
        return sum_buckets(figures, rows, grid)

    def newest(self, n_rows: int, columns: Iterable[str], *, before_key: Key | None = None) -> list[Row]:
        """Return at most ``n_rows`` of the newest rows before a key, newest first: their columns, then their keys."""
        names, newest = list(columns), list[Row]()
        for block, rows in reversed(self._parts):
            rows = self._last(block, rows, n_rows - len(newest), before_key)
            newest += self._to_rows(block, rows, names)[::-1]
        return newest

    def at_instants(self, column: str, instants_us: Integers, names: Sequence[str]) -> list[Row]:
        """Return columns of the rows whose instant in a column is one of those given, ascending. Text is held."""
        wanted, found = np.unique(instants_us), list[Row]()
        for block, rows in self._parts:
            own = (block.times if column == self._layout.time else block.columns[column])[rows]
            places = np.minimum(np.searchsorted(wanted, own), len(wanted) - 1)
            at = np.flatnonzero(wanted[places] == own)
            if len(at):
                chosen = _to_indices(rows)[at]
                found += zip(*(self._to_list(block, chosen, name) for name in names), strict=True)
        return found

    def last_numbers(self, column: str, targets: Sequence[int], *, max_age_us: int) -> dict[int, float]:
        """Return {target: number of the last row at or before it}, where that row is young enough."""
        times, numbers = self.times, self._column(column)
        if not len(times):
            return {}
        rows = np.searchsorted(times, targets, side="right") - 1
        candidates = zip(targets, rows.tolist(), times[rows].tolist(), numbers[rows].tolist(), strict=True)
        return {
            target: number
            for target, row, time_us, number in candidates
            if row >= 0 and time_us >= target - max_age_us
        }

    def _column(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate([block.columns[name][rows] for block, rows in self._parts])

    def _without_nulls(self, name: str) -> "SelectedRows":
        parts: list[tuple[Block, Rows]] = []
        for block, rows in self._parts:
            known = ~np.isnan(block.columns[name][rows])
            parts.append((block, rows if known.all() else _to_indices(rows)[known]))
        return SelectedRows(parts, self._encoder, self._layout)

    def _last(self, block: Block, rows: Rows, n_rows: int, before_key: Key | None) -> Rows:
        """Return the last ``n_rows`` rows of a block that come before a key."""
        end = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        while before_key is not None and end and self._key(block, rows, end - 1) >= before_key:
            end -= 1
        start = max(0, end - n_rows)
        if isinstance(rows, slice):
            return slice(rows.start + start, rows.start + end)
        return rows[start:end]

    def _key(self, block: Block, rows: Rows, at: int) -> Key:
        row = rows.start + at if isinstance(rows, slice) else int(rows[at])
        source = self._encoder.sources[block.sources[row]]
        return int(block.times[row]), source.topic_id, source.partition, int(block.offsets[row])

    def _to_rows(self, block: Block, rows: Rows, names: Sequence[str]) -> list[Row]:
        sources = [self._encoder.sources[code] for code in block.sources[rows].tolist()]
        return list(
            zip(
                *(self._to_list(block, rows, name) for name in names),
                [source.topic_id for source in sources],
                [source.partition for source in sources],
                block.offsets[rows].tolist(),
                strict=True,
            )
        )

    def _to_list(self, block: Block, rows: Rows, name: str) -> list[Any]:
        if name in self._layout.text:
            text = (block.text or {})[name]
            return list(_take(text, rows).to_pylist())
        column: npt.NDArray[Any] = (
            block.times[rows] if name == self._layout.time else block.columns[name][rows]
        )
        if name in self._layout.coded:
            return self._encoder.decode(name, column)
        values: list[Any] = column.tolist()
        if name in self._layout.numbers:
            return [None if number != number else number for number in values]
        return (
            [None if us == NO_INSTANT else us for us in values] if name in self._layout.instants else values
        )


def _take(text: pa.Array, rows: Rows) -> pa.Array:
    return text[rows] if isinstance(rows, slice) else text.take(pa.array(rows))


def _to_indices(rows: Rows) -> Integers:
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows


def _join(block: Block, tail: Block, encoder: DictionaryEncoder) -> tuple[Block, Block]:
    at, n_rows = block.window(int(tail.times[0]), int(tail.times[0]))[0], len(block.times)
    return block.cut(0, at), merge_blocks([block.cut(at, n_rows), tail], encoder)
