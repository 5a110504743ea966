"""Days of one symbol as columns, and the rows of them that a question is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.cache.aggregation import Sums, sum_buckets, to_limbs
from lakehouse.cache.block import NO_INSTANT, Block, Layout, merge_blocks, to_blocks
from lakehouse.cache.encoder import DictionaryEncoder, Floats, Integers
from lakehouse.delta.position import Position
from lakehouse.series.aggregates import ORIGIN_BITS, Aggregate, Figures
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import TimeRange

Row = tuple[Any, ...]
Key = tuple[int, str, int, int]
"""Time, topic id, partition and offset of a row."""
_Rows = slice | Integers


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
        parts: list[tuple[Block, _Rows]] = []
        for block in self.blocks:
            low, high = block.window(time_range.start_us, time_range.end_us)
            mask = self._mask(block, low, high, equal, self.position if before is None else before, since)
            parts.append((block, slice(low, high) if mask is None else low + np.flatnonzero(mask)))
        return SelectedRows(parts, self.encoder, self.layout)

    def _mask(
        self,
        block: Block,
        low: int,
        high: int,
        equal: Mapping[str, str],
        before: Position | None,
        since: Position | None,
    ) -> npt.NDArray[np.bool_] | None:
        """Return a mask of the rows of a slice that are selected; None where all are."""
        masks = []
        if before is not None and (visible := block.visible(low, high, before, self.encoder)) is not None:
            masks.append(visible)
        if since is not None:
            old = block.visible(low, high, since, self.encoder)
            masks.append(np.zeros(high - low, dtype=bool) if old is None else ~old)
        for column, value in equal.items():
            code = self.encoder.code(column, value)
            codes = block.codes[column][low:high]
            masks.append(np.zeros(high - low, dtype=bool) if code is None else codes == code)
        return np.logical_and.reduce(masks) if masks else None

    def with_tail(self, snapshot: TableSnapshot, *, with_text: bool) -> "SymbolColumns":
        """Return the columns with the rows of a pinned tail among them.

        Of a day only the rows after the first of the tail's are copied.
        """
        tail, blocks = snapshot.tail, list(self.blocks)
        if tail is None:
            return self
        if self.position is not None:
            blocks = [block.before(self.position, self.encoder) for block in blocks]
        if tail.held:
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
        self, parts: Sequence[tuple[Block, _Rows]], encoder: DictionaryEncoder, layout: Layout
    ) -> None:
        self._parts = parts
        self._encoder = encoder
        self._layout = layout

    @property
    def times(self) -> Integers:
        return np.concatenate([block.times[rows] for block, rows in self._parts])

    def counts(self, aggregate: Aggregate) -> Integers:
        if aggregate.equal is None:
            return np.ones(len(self.times), dtype=np.int64)
        code = self._encoder.code(aggregate.column, aggregate.equal)
        codes = self._codes(aggregate.column).astype(np.int64)
        equal: Integers = (codes == (-1 if code is None else code)).astype(np.int64)
        return equal

    def limbs(self, aggregate: Aggregate) -> Sequence[Integers]:
        return to_limbs(self.numbers(aggregate))

    def numbers(self, aggregate: Aggregate) -> Floats:
        return self._numbers(aggregate.column)

    def origins(self, aggregate: Aggregate) -> Integers:
        values = self._encoder.values(aggregate.column)
        highest = max(ORIGIN_BITS.values())
        bits = np.array([ORIGIN_BITS.get(value or "", highest) for value in values] or [0], dtype=np.int64)
        by_row: Integers = bits[self._codes(aggregate.column)]
        return by_row

    def sum_buckets(self, figures: Figures, width_us: int) -> dict[int, Sums]:
        """Return {start of a bucket: sums of the rows that count}, ascending."""
        rows = self if not figures.counted else self._without_nulls(figures.counted)
        return sum_buckets(figures, rows, width_us)

    def newest(self, n_rows: int, columns: Iterable[str], *, before_key: Key | None = None) -> list[Row]:
        """Return at most ``n_rows`` of the newest rows before a key, newest first: their columns, then their keys."""
        names, newest = list(columns), list[Row]()
        for block, rows in reversed(self._parts):
            rows = self._last(block, rows, n_rows - len(newest), before_key)
            newest += self._to_rows(block, rows, names)[::-1]
        return newest

    def last_numbers(self, column: str, targets: Sequence[int], *, max_age_us: int) -> dict[int, float]:
        """Return {target: number of the last row at or before it}, where that row is young enough."""
        times, numbers = self.times, self._numbers(column)
        if not len(times):
            return {}
        rows = np.searchsorted(times, targets, side="right") - 1
        candidates = zip(targets, rows.tolist(), times[rows].tolist(), numbers[rows].tolist(), strict=True)
        return {
            target: number
            for target, row, time_us, number in candidates
            if row >= 0 and time_us >= target - max_age_us
        }

    def _numbers(self, name: str) -> Floats:
        return np.concatenate([block.numbers[name][rows] for block, rows in self._parts])

    def _codes(self, name: str) -> npt.NDArray[np.uint16]:
        return np.concatenate([block.codes[name][rows] for block, rows in self._parts])

    def _without_nulls(self, name: str) -> "SelectedRows":
        parts: list[tuple[Block, _Rows]] = []
        for block, rows in self._parts:
            known = ~np.isnan(block.numbers[name][rows])
            parts.append((block, rows if known.all() else _to_indices(rows)[known]))
        return SelectedRows(parts, self._encoder, self._layout)

    def _last(self, block: Block, rows: _Rows, n_rows: int, before_key: Key | None) -> _Rows:
        """Return the last ``n_rows`` rows of a block that come before a key."""
        end = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        while before_key is not None and end and self._key(block, rows, end - 1) >= before_key:
            end -= 1
        start = max(0, end - n_rows)
        if isinstance(rows, slice):
            return slice(rows.start + start, rows.start + end)
        return rows[start:end]

    def _key(self, block: Block, rows: _Rows, at: int) -> Key:
        row = rows.start + at if isinstance(rows, slice) else int(rows[at])
        source = self._encoder.sources[block.sources[row]]
        return int(block.times[row]), source.topic_id, source.partition, int(block.offsets[row])

    def _to_rows(self, block: Block, rows: _Rows, names: Sequence[str]) -> list[Row]:
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

    def _to_list(self, block: Block, rows: _Rows, name: str) -> list[Any]:
        if name == self._layout.time:
            times: list[Any] = block.times[rows].tolist()
            return times
        if name in block.codes:
            return self._encoder.decode(name, block.codes[name][rows])
        if name in block.numbers:
            numbers: list[float] = block.numbers[name][rows].tolist()
            return [None if number != number else number for number in numbers]
        if name in block.instants:
            return [None if us == NO_INSTANT else us for us in block.instants[name][rows].tolist()]
        text = (block.text or {})[name]
        taken: list[Any] = (text[rows] if isinstance(rows, slice) else text.take(pa.array(rows))).to_pylist()
        return taken


def _to_indices(rows: _Rows) -> Integers:
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows


def _join(block: Block, tail: Block, encoder: DictionaryEncoder) -> tuple[Block, Block]:
    at, n_rows = block.window(int(tail.times[0]), int(tail.times[0]))[0], len(block.times)
    return block.cut(0, at), merge_blocks([block.cut(at, n_rows), tail], encoder)
