"""Days of one symbol as columns, and how the tail's rows come into them."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.cache.block import Block, DictionaryEncoder, Layout, merge_blocks, to_blocks
from lakehouse.snapshots.pinned import TableSnapshot


@dataclass(frozen=True, slots=True, eq=False)
class SymbolColumns:
    """Consecutive days of one symbol, each in one block or two, ascending.

    Where ``ahead``, they may hold rows that the pinned version does not have; never where it has a tail.
    """

    blocks: Sequence[Block]
    lexicon: DictionaryEncoder
    days: Sequence[int]
    ahead: bool


def with_tail(
    columns: SymbolColumns, layout: Layout, snapshot: TableSnapshot, *, with_text: bool
) -> SymbolColumns:
    """The columns with the tail's rows in their places. Of a day only what lies after the first of them is copied."""
    tail, lexicon, blocks = snapshot.tail, columns.lexicon, list(columns.blocks)
    if tail is None:
        return columns
    if columns.ahead:
        blocks = [block.before(snapshot.position, lexicon) for block in blocks]
    if tail.held:
        added = {key[1]: block for key, block in to_blocks(tail.rows, layout, lexicon, with_text=with_text)}
        blocks = [
            part
            for day, block in zip(columns.days, blocks, strict=True)
            for part in (_joined(block, added[day], lexicon) if day in added else (block,))
        ]
    return SymbolColumns(blocks, lexicon, columns.days, ahead=False)


def _joined(block: Block, tail: Block, lexicon: DictionaryEncoder) -> tuple[Block, Block]:
    at, n_rows = block.window(int(tail.times[0]), int(tail.times[0]))[0], len(block.times)
    return block.cut(0, at), merge_blocks([block.cut(at, n_rows), tail], lexicon)
