"""The newest rows of a symbol from the row groups that hold them, for days that are not in memory."""

from collections.abc import Iterator

import pyarrow as pa

from lakehouse.cache.block import DictionaryEncoder, Layout, empty_block, to_blocks
from lakehouse.cache.store import FILES_READ_ALONE
from lakehouse.cache.symbol_columns import SymbolColumns, with_tail
from lakehouse.engine.row_groups import Wanted, find_row_groups, read_row_groups
from lakehouse.series.definitions import Series
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import DAY_US, TimeRange

_MAX_ROWS = 65_536
_GROWTH = 4


def newest_columns(
    table: TableSnapshot, series: Series, symbol: str, time_range: TimeRange, *, n_wanted: int
) -> Iterator[tuple[SymbolColumns, int]]:
    """Ever more of a range's rows, the newest first: (columns, the instant from which on they are complete).

    Ends with the start of the range, or, where that takes too many files or rows, before it. Raises FileGoneError.
    """
    selected = table.files.select(symbol=symbol, time_column=series.time_column, time_range=time_range)
    if len(selected.paths) > FILES_READ_ALONE or not table.location.is_local:
        return
    layout, lexicon = Layout.of(series), DictionaryEncoder()
    schema = layout.read_schema(table.spec, with_text=True)
    wanted = Wanted(symbol=symbol, time_column=layout.time, time_range=time_range, schema=schema)
    groups = find_row_groups(selected.paths, wanted)
    groups.sort(key=lambda group: group.highest_us)
    found: list[pa.Table] = [schema.empty_table()]
    n_rows, n_all = 0, 0
    while True:
        taken = []
        while groups and n_rows < n_wanted:
            taken.append(groups.pop())
            n_rows += taken[-1].n_rows
        n_all += n_rows
        if n_all > _MAX_ROWS:
            return
        found.append(read_row_groups(taken, wanted))
        blocks = dict(to_blocks(pa.concat_tables(found), layout, lexicon, with_text=True))
        for day in _tail_days(table, time_range):
            blocks.setdefault((symbol, day), empty_block(layout, table.spec, with_text=True))
        since_us = groups[-1].highest_us + 1 if groups else time_range.start_us
        keys = sorted(blocks)
        own = SymbolColumns([blocks[key] for key in keys], lexicon, [day for _, day in keys], ahead=False)
        yield with_tail(own, layout, table, with_text=True), since_us
        if not groups:
            return
        n_rows, n_wanted = 0, n_wanted * _GROWTH


def _tail_days(table: TableSnapshot, time_range: TimeRange) -> set[int]:
    """The days of the tail's rows that lie in a range."""
    if table.tail is None:
        return set()
    return {
        row.time_us // DAY_US
        for row in table.tail.held
        if time_range.start_us <= row.time_us < time_range.end_us
    }
