"""Columnar cache of recent days, within a budget: loaded once, then extended by what is appended.

A row is known by its topic, partition and offset. So compaction, which moves rows between files, leaves the columns
as they are, and columns that are ahead of a pinned version are cut at its position.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.cache.block import Block, BlockKey, Layout, empty_block, merge_blocks, to_blocks
from lakehouse.cache.commit_rows import rows_beyond
from lakehouse.cache.encoder import DictionaryEncoder, DictionaryOverflowError
from lakehouse.cache.symbol_columns import SymbolColumns
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.position_sql import bind_position, is_beyond, join_position
from lakehouse.engine.row_groups import RowSelection, find_row_groups, read_row_groups
from lakehouse.series.definitions import Series
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import DAY_US, TimeRange

logger = logging.getLogger(__name__)

_MAX_LOADED_ROWS = 3_000_000
_MAX_APPLIED_ROWS = 200_000
# Where a day is in more files than this, all symbols are taken from them at once.
_FILES_OF_ONE_SYMBOL = 8
_EVICT_TO = 0.9
# One file is read in a few milliseconds without DuckDB, in 10 ms or more with it.
_FILES_READ_ALONE = 16

_OF_SYMBOL = "symbol = $symbol AND"
_OF_RANGE = "SELECT {columns} FROM {{rows}} WHERE {of_symbol} {time} >= $start AND {time} < $end"
_SINCE_POSITION = f"""
SELECT {{columns}} FROM {{{{rows}}}} {join_position()}
WHERE kafka_offset >= $least AND {is_beyond()}
"""


@dataclass(slots=True, eq=False)
class _TableColumns:
    """The blocks of one build of one table. ``latest`` is the version that all of them are brought to.

    Versions before ``whole_since`` may have had rows that are gone since. ``unmerged`` rows were appended after a block
    was read for the last time.
    """

    layout: Layout
    latest: TableSnapshot
    whole_since: int
    encoder: DictionaryEncoder = field(default_factory=DictionaryEncoder)
    blocks: dict[BlockKey, Block] = field(default_factory=dict)
    unmerged: dict[BlockKey, list[Block]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.latest.spec.name


class ColumnCache:
    """The columns of one lake. Thread-safe. ``budget_bytes`` bounds them; 0 holds nothing."""

    max_days = 8
    """A longer range is answered by rollups or from files."""

    def __init__(self, session: DuckdbSession, *, budget_bytes: int) -> None:
        self._session = session
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._tables: dict[str, _TableColumns] = {}
        # Least recently used first. Not a cachetools.LRUCache: a block that is larger than the budget answers once,
        # an appended row is no use of its block, and an evicted block leaves its table.
        self._sizes: dict[tuple[str, BlockKey], int] = {}
        self._n_bytes = 0
        self.n_reads = {"hit": 0, "load": 0, "files": 0}
        """Reads that were all in memory, that read some of it from files, that were left to the files."""

    @property
    def n_bytes(self) -> int:
        return self._n_bytes

    @property
    def budget_bytes(self) -> int:
        return self._budget_bytes

    @property
    def is_on(self) -> bool:
        return self._budget_bytes > 0

    def load(
        self, snapshot: TableSnapshot, series: Series, symbol: str, time_range: TimeRange, *, with_text: bool
    ) -> SymbolColumns | None:
        """Return the columns of a symbol on the days of a range, loaded where they are not held yet.

        None where they cannot be held: the cache is off, the version is too old, the days are too many or too full.
        Raises FileGoneError where a file of the newest version was vacuumed meanwhile.
        """
        days = range(time_range.start_us // DAY_US, -(-time_range.end_us // DAY_US))
        columns = self._load(snapshot, series, symbol, days, with_text) if self.is_on else None
        self.n_reads["files"] += columns is None
        return columns

    def _load(
        self, snapshot: TableSnapshot, series: Series, symbol: str, days: range, with_text: bool
    ) -> SymbolColumns | None:
        if not 0 < len(days) <= self.max_days:
            return None
        with self._lock:
            table = self._table(snapshot, series)
            try:
                if not self._bring_to(table, snapshot):
                    return None
                columns = self._columns(table, snapshot, symbol, days, with_text)
                return None if columns is None else columns.with_tail(snapshot, with_text=with_text)
            except DictionaryOverflowError as error:
                logger.warning("columns dropped table=%s full=%s", table.name, error)
                self._drop(table)
                table.encoder = DictionaryEncoder()
                return None

    def _table(self, snapshot: TableSnapshot, series: Series) -> _TableColumns:
        table = self._tables.get(snapshot.spec.name)
        if table is None or table.latest.build.number < snapshot.build.number:
            if table is not None:
                self._drop(table)
            table = _TableColumns(Layout.of(series), snapshot, snapshot.version)
            self._tables[table.name] = table
        return table

    def _bring_to(self, table: _TableColumns, snapshot: TableSnapshot) -> bool:
        """Apply the commits up to a version; return whether the blocks have all of its rows."""
        if snapshot.build != table.latest.build:
            return False
        if snapshot.version > table.latest.version:
            self._apply_commits(table, snapshot)
        return snapshot.version >= table.whole_since

    def _columns(
        self, table: _TableColumns, snapshot: TableSnapshot, symbol: str, days: range, with_text: bool
    ) -> SymbolColumns | None:
        missing = [day for day in days if not _has(table.blocks.get((symbol, day)), with_text)]
        if missing and not self._read_days(table, symbol, missing, with_text):
            return None
        blocks = [self._merged(table, (symbol, day)) for day in days]
        self._evict()
        self.n_reads["load" if missing else "hit"] += 1
        position = snapshot.position if snapshot.version < table.latest.version else None
        return SymbolColumns(blocks, table.encoder, table.layout, days, position)

    def _apply_commits(self, table: _TableColumns, snapshot: TableSnapshot) -> None:
        """Bring the blocks to a newer version by reading what was appended; drop them where rows went away."""
        before = table.latest
        n_added = int(snapshot.files.n_rows.sum()) - int(before.files.n_rows.sum())
        rows: pa.Table | None = None
        if table.blocks and 0 < n_added <= _MAX_APPLIED_ROWS and snapshot.position != before.position:
            rows = self._read_appended(table, snapshot)
        if not table.blocks or n_added != (0 if rows is None else rows.num_rows):
            self._drop(table)
            table.latest, table.whole_since = snapshot, snapshot.version
            return
        if rows is not None:
            for key, block in to_blocks(
                rows, table.layout, table.encoder, with_text=True, only=table.blocks.keys()
            ):
                appended = block if table.blocks[key].text is not None else block.without_text()
                table.unmerged.setdefault(key, []).append(appended)
        table.latest = snapshot

    def _read_appended(self, table: _TableColumns, snapshot: TableSnapshot) -> pa.Table | None:
        """Read the rows beyond the position so far."""
        before = table.latest
        known = set(before.files.paths.tolist())
        paths = [path for path in snapshot.files.paths.tolist() if path not in known]
        if not paths:
            return None
        if len(paths) <= _FILES_READ_ALONE and snapshot.location.is_local:
            names = table.layout.column_names(with_text=True)
            return rows_beyond(paths, names, snapshot.spec, before.position)
        same_partitions = set(snapshot.position) == set(before.position)
        return self._session.fetch_arrow(
            _SINCE_POSITION.format(columns=", ".join(table.layout.column_names(with_text=True))),
            paths,
            spec=snapshot.spec,
            least=min(before.position.offsets.values(), default=0) if same_partitions else 0,
            **bind_position(before.position),
        )

    def _read_days(self, table: _TableColumns, symbol: str, days: Sequence[int], with_text: bool) -> bool:
        """Put the blocks of a symbol into the table; return False where that would be too many rows."""
        layout, files = table.layout, table.latest.files
        time_range = TimeRange(days[0] * DAY_US, (days[-1] + 1) * DAY_US)
        selected = files.select(symbol=symbol, time_column=layout.time, time_range=time_range)
        of_all = len(selected.paths) > _FILES_OF_ONE_SYMBOL * len(days)
        if of_all:
            selected = files.select(time_column=layout.time, time_range=time_range)
        if selected.n_rows > _MAX_LOADED_ROWS:
            return False
        loaded: dict[BlockKey, Block] = {}
        if selected.paths:
            rows = self._fetch(table, selected.paths, time_range, None if of_all else symbol, with_text)
            loaded = dict(to_blocks(rows, layout, table.encoder, with_text=with_text))
        for day in days:
            loaded.setdefault((symbol, day), empty_block(layout, table.latest.spec, with_text=with_text))
        for key, block in loaded.items():
            if key[1] in days and (key[0] == symbol or key not in table.blocks):
                table.unmerged.pop(key, None)
                self._put(table, key, block)
        return True

    def _fetch(
        self,
        table: _TableColumns,
        paths: list[str],
        time_range: TimeRange,
        symbol: str | None,
        with_text: bool,
    ) -> pa.Table:
        layout, spec = table.layout, table.latest.spec
        if len(paths) <= _FILES_READ_ALONE and table.latest.location.is_local:
            schema = layout.read_schema(spec, with_text=with_text)
            selection = RowSelection(
                symbol=symbol, time_column=layout.time, time_range=time_range, schema=schema
            )
            return read_row_groups(find_row_groups(paths, selection), selection)
        statement = _OF_RANGE.format(
            columns=", ".join(layout.column_names(with_text=with_text)),
            of_symbol="" if symbol is None else _OF_SYMBOL,
            time=layout.time,
        )
        bound = {} if symbol is None else {"symbol": symbol}
        return self._session.fetch_arrow(
            statement, paths, spec=spec, start=time_range.start_time, end=time_range.end_time, **bound
        )

    def _merged(self, table: _TableColumns, key: BlockKey) -> Block:
        block, sized = table.blocks[key], (table.name, key)
        if unmerged := table.unmerged.pop(key, None):
            block = merge_blocks([block, *unmerged], table.encoder)
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
        table.unmerged.clear()

    def _evict(self) -> None:
        if self._n_bytes <= self._budget_bytes:
            return
        for name, key in list(self._sizes):
            self._n_bytes -= self._sizes.pop((name, key))
            self._tables[name].blocks.pop(key)
            self._tables[name].unmerged.pop(key, None)
            if self._n_bytes <= self._budget_bytes * _EVICT_TO:
                return


def _has(block: Block | None, with_text: bool) -> bool:
    return block is not None and (block.text is not None or not with_text)
