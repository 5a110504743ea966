"""Days of gold kept in memory as sorted columns, within a budget: loaded once, then extended by what is appended.

A row is known by its topic, partition and offset. So compaction, which moves rows between files, leaves the columns
as they are, and columns that are ahead of a pinned version are cut at its position.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.cache.block import (
    Block,
    BlockKey,
    DictionaryEncoder,
    DictionaryOverflowError,
    Layout,
    empty_block,
    merge_blocks,
    to_blocks,
)
from lakehouse.cache.commit_rows import rows_beyond
from lakehouse.cache.symbol_columns import SymbolColumns, with_tail
from lakehouse.delta.table import ROW_GROUP_ROWS
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.position_sql import bind_position, is_beyond, join_position
from lakehouse.engine.row_groups import Wanted, find_row_groups, read_row_groups
from lakehouse.series.definitions import Series
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import DAY_US, TimeRange

logger = logging.getLogger(__name__)

MAX_DAYS = 8
"""A longer range is answered by rollups or from files."""
_MAX_LOADED_ROWS = 3_000_000
_MAX_FOLDED_ROWS = 200_000
# Where a day is in more files than this, all symbols are taken from them at once.
_FILES_OF_ONE_SYMBOL = 8
_EVICT_TO = 0.9
# One file is read in a few milliseconds without DuckDB, in 10 ms or more with it.
FILES_READ_ALONE = 16
_MAX_ASKED = 10_000
MANY_ROWS = 2 * ROW_GROUP_ROWS
"""Of one symbol and day. Below it, reading the newest rows alone saves nothing."""

_OF_SYMBOL = "symbol = $symbol AND"
_STRETCH = "SELECT {columns} FROM {{rows}} WHERE {of_symbol} {time} >= $start AND {time} < $end"
_SINCE_POSITION = f"""
SELECT {{columns}} FROM {{{{rows}}}} {join_position()}
WHERE kafka_offset >= $least AND {is_beyond()}
"""


@dataclass(slots=True, eq=False)
class _TableColumns:
    """What is kept of one build of one table. ``latest`` is the version that all blocks are brought to.

    Versions before ``whole_since`` may have had rows that are gone since.
    """

    layout: Layout
    latest: TableSnapshot
    whole_since: int
    lexicon: DictionaryEncoder = field(default_factory=DictionaryEncoder)
    blocks: dict[BlockKey, Block] = field(default_factory=dict)
    pending: dict[BlockKey, list[Block]] = field(default_factory=dict)
    asked: set[BlockKey] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.latest.spec.name


class ColumnStore:
    """The columns of one lake. Thread-safe. ``budget_bytes`` bounds what is kept; 0 keeps and answers nothing."""

    def __init__(self, session: DuckdbSession, *, budget_bytes: int) -> None:
        self._session = session
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._tables: dict[str, _TableColumns] = {}
        self._sizes: dict[tuple[str, BlockKey], int] = {}  # least recently used first
        self._n_bytes = 0
        self.n_reads = {"hit": 0, "load": 0, "files": 0}
        """Reads that found all in memory, that read some of it from files, that were left to the files."""

    @property
    def n_bytes(self) -> int:
        return self._n_bytes

    @property
    def budget_bytes(self) -> int:
        return self._budget_bytes

    @property
    def is_on(self) -> bool:
        return self._budget_bytes > 0

    def read(
        self,
        snapshot: TableSnapshot,
        series: Series,
        symbol: str,
        days: range,
        *,
        with_text: bool,
        unless_many: bool = False,
    ) -> SymbolColumns | None:
        """The columns of a symbol on some days (since the epoch), loaded where they are not there yet.

        None where files have to answer: columns are off, the version is too old, the days are too many or too full.
        None as well where, ``unless_many``, days have many rows and nobody asked for them before: they may never be
        asked for again, and their newest rows are read quicker than all of them.
        Raises FileGoneError where a file of the newest version was vacuumed meanwhile.
        """
        if not self._budget_bytes or not 0 < len(days) <= MAX_DAYS:
            self.n_reads["files"] += 1
            return None
        with self._lock:
            table = self._table(snapshot, series)
            try:
                columns = self._read(table, snapshot, symbol, days, with_text, unless_many)
                self.n_reads["files"] += columns is None
                if columns is None or snapshot.tail is None:
                    return columns
                return with_tail(columns, table.layout, snapshot, with_text=with_text)
            except DictionaryOverflowError as error:
                logger.warning("columns dropped table=%s full=%s", table.name, error)
                self._drop(table)
                table.lexicon = DictionaryEncoder()
                return None

    def _table(self, snapshot: TableSnapshot, series: Series) -> _TableColumns:
        table = self._tables.get(snapshot.spec.name)
        if table is None or table.latest.build.number < snapshot.build.number:
            if table is not None:
                self._drop(table)
            table = _TableColumns(Layout.of(series), snapshot, snapshot.version)
            self._tables[table.name] = table
        return table

    def _read(
        self,
        table: _TableColumns,
        snapshot: TableSnapshot,
        symbol: str,
        days: range,
        with_text: bool,
        unless_many: bool,
    ) -> SymbolColumns | None:
        if snapshot.build != table.latest.build:
            return None
        if snapshot.version > table.latest.version:
            self._fold(table, snapshot)
        if snapshot.version < table.whole_since:
            return None
        missing = [day for day in days if not _holds(table.blocks.get((symbol, day)), with_text)]
        is_new = unless_many and missing and not _is_asked_again(table, symbol, missing)
        if missing and not self._load(table, symbol, missing, with_text, MANY_ROWS if is_new else None):
            return None
        blocks = [self._merged(table, (symbol, day)) for day in days]
        self._evict()
        self.n_reads["load" if missing else "hit"] += 1
        return SymbolColumns(blocks, table.lexicon, days, ahead=snapshot.version < table.latest.version)

    def _fold(self, table: _TableColumns, snapshot: TableSnapshot) -> None:
        """Brings the blocks to a newer version by reading what was appended; drops them where rows went away."""
        before = table.latest
        n_added = int(snapshot.files.n_rows.sum()) - int(before.files.n_rows.sum())
        rows: pa.Table | None = None
        if table.blocks and 0 < n_added <= _MAX_FOLDED_ROWS and snapshot.position != before.position:
            rows = self._appended(table, snapshot)
        if not table.blocks or n_added != (0 if rows is None else rows.num_rows):
            self._drop(table)
            table.latest, table.whole_since = snapshot, snapshot.version
            return
        if rows is not None:
            for key, block in to_blocks(
                rows, table.layout, table.lexicon, with_text=True, wanted=table.blocks.keys()
            ):
                kept = block if table.blocks[key].text is not None else block.without_text()
                table.pending.setdefault(key, []).append(kept)
        table.latest = snapshot

    def _appended(self, table: _TableColumns, snapshot: TableSnapshot) -> pa.Table | None:
        """The rows beyond the position so far."""
        before = table.latest
        known = set(before.files.paths.tolist())
        paths = [path for path in snapshot.files.paths.tolist() if path not in known]
        if not paths:
            return None
        if len(paths) <= FILES_READ_ALONE and snapshot.location.is_local:
            return rows_beyond(paths, table.layout, snapshot.spec, before.position)
        same_partitions = set(snapshot.position) == set(before.position)
        return self._session.fetch_arrow(
            _SINCE_POSITION.format(columns=", ".join(table.layout.column_names(with_text=True))),
            paths,
            spec=snapshot.spec,
            least=min(before.position.offsets.values(), default=0) if same_partitions else 0,
            **bind_position(before.position),
        )

    def _load(
        self, table: _TableColumns, symbol: str, days: Sequence[int], with_text: bool, most_rows: int | None
    ) -> bool:
        """Puts the blocks of a symbol into the table; False where that would be too many rows, in all or a day."""
        layout = table.layout
        stretch = TimeRange(days[0] * DAY_US, (days[-1] + 1) * DAY_US)
        files = table.latest.files
        selected = files.select(symbol=symbol, time_column=layout.time, time_range=stretch)
        of_all = len(selected.paths) > _FILES_OF_ONE_SYMBOL * len(days)
        if of_all:
            selected = files.select(time_column=layout.time, time_range=stretch)
        if selected.n_rows > _MAX_LOADED_ROWS:
            return False
        loaded: dict[BlockKey, Block] | None = {}
        if selected.paths:
            most = None if most_rows is None else most_rows * len(days)
            loaded = self._fetch(table, selected.paths, stretch, None if of_all else symbol, with_text, most)
        if loaded is None:
            return False
        for day in days:
            loaded.setdefault((symbol, day), empty_block(layout, table.latest.spec, with_text=with_text))
        for key, block in loaded.items():
            if key[1] in days and (key[0] == symbol or key not in table.blocks):
                table.pending.pop(key, None)
                self._put(table, key, block)
        return True

    def _fetch(
        self,
        table: _TableColumns,
        paths: list[str],
        stretch: TimeRange,
        symbol: str | None,
        with_text: bool,
        most_rows: int | None,
    ) -> dict[BlockKey, Block] | None:
        """The rows as blocks; None where row groups say, before they are read, that these are more than wanted."""
        layout = table.layout
        if len(paths) <= FILES_READ_ALONE and table.latest.location.is_local:
            schema = layout.read_schema(table.latest.spec, with_text=with_text)
            wanted = Wanted(symbol=symbol, time_column=layout.time, time_range=stretch, schema=schema)
            groups = find_row_groups(paths, wanted)
            if most_rows is not None and sum(group.n_rows for group in groups) > most_rows:
                return None
            rows = read_row_groups(groups, wanted)
            return dict(to_blocks(rows, layout, table.lexicon, with_text=with_text))
        statement = _STRETCH.format(
            columns=", ".join(layout.column_names(with_text=with_text)),
            of_symbol="" if symbol is None else _OF_SYMBOL,
            time=layout.time,
        )
        rows = self._session.fetch_arrow(
            statement,
            paths,
            spec=table.latest.spec,
            start=stretch.start_time,
            end=stretch.end_time,
            **({} if symbol is None else {"symbol": symbol}),
        )
        return dict(to_blocks(rows, layout, table.lexicon, with_text=with_text))

    def _merged(self, table: _TableColumns, key: BlockKey) -> Block:
        block, sized = table.blocks[key], (table.name, key)
        if pending := table.pending.pop(key, None):
            block = merge_blocks([block, *pending], table.lexicon)
            self._put(table, key, block)
        self._sizes[sized] = self._sizes.pop(sized)
        return block

    def _put(self, table: _TableColumns, key: BlockKey, block: Block) -> None:
        table.blocks[key] = block
        n_bytes, sized = block.n_bytes, (table.name, key)
        self._n_bytes += n_bytes - self._sizes.pop(sized, 0)
        self._sizes[sized] = n_bytes

    def _drop(self, table: _TableColumns) -> None:
        for key in table.blocks:
            self._n_bytes -= self._sizes.pop((table.name, key))
        table.blocks.clear()
        table.pending.clear()

    def _evict(self) -> None:
        if self._n_bytes <= self._budget_bytes:
            return
        for name, key in list(self._sizes):
            self._n_bytes -= self._sizes.pop((name, key))
            self._tables[name].blocks.pop(key)
            self._tables[name].pending.pop(key, None)
            if self._n_bytes <= self._budget_bytes * _EVICT_TO:
                return


def _is_asked_again(table: _TableColumns, symbol: str, days: Sequence[int]) -> bool:
    keys = {(symbol, day) for day in days}
    if keys <= table.asked:
        return True
    if len(table.asked) > _MAX_ASKED:
        table.asked.clear()
    table.asked |= keys
    return False


def _holds(block: Block | None, with_text: bool) -> bool:
    return block is not None and (block.text is not None or not with_text)
