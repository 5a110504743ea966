"""Stories that are not in gold_story yet, of one symbol: those of the texts beyond its position, cached."""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from cachetools import LRUCache

from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.position_sql import bind_position
from lakehouse.errors import StoriesBehindError
from lakehouse.messages.contract import ANALYZED_SENTIMENT
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.definitions import SENTIMENT
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.stories.known import read_known
from lakehouse.stories.rows import KEY_COLUMNS, SAID_COLUMNS, TEXT_COLUMNS, TEXTS_BEYOND, to_story_rows
from lakehouse.tail.rows import TableTail
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.cache.column_cache import ColumnCache
    from lakehouse.delta.file_index import Mask
    from lakehouse.snapshots.file_offsets import FileOffsets

MAX_TEXTS = 200_000
"""Most texts of a symbol that one answer assigns: seconds. The table service assigns more, once for all answers."""
_MAX_CACHED_ROWS = 500_000
_SCHEMA = pa.schema([GOLD_SENTIMENT.to_arrow_schema().field(name) for name in TEXT_COLUMNS])


class StoryCache:
    """Stories beyond gold_story of one lake, by what they are made of. Thread-safe."""

    def __init__(self, session: DuckdbSession, offsets: "FileOffsets", columns: "ColumnCache") -> None:
        self._session = session
        self._offsets = offsets
        self._columns = columns
        self._lock = threading.Lock()
        self._cached: LRUCache[object, pa.Table] = LRUCache(
            _MAX_CACHED_ROWS, getsizeof=lambda rows: rows.num_rows + 1
        )

    def complete(self, gold: TableSnapshot, made: TableSnapshot, symbol: str) -> TableSnapshot:
        """Return gold_story as ``made``, with the stories of all that gold and its tail hold of a symbol beyond it.

        Raises: StoriesBehindError where they are more than MAX_TEXTS; FileGoneError.
        """
        lasts = () if gold.tail is None else tuple(sorted(gold.tail.lasts.items()))
        key = (gold.build.build_id, symbol, gold.version, lasts, made.version)
        with self._lock:
            rows: pa.Table | None = self._cached.get(key)
        if rows is None:
            rows = self._assign(gold, made, symbol)
            with self._lock:
                self._cached[key] = rows
        reach = made.position.advanced(gold.reach.offsets)
        tail = TableTail(ANALYZED_SENTIMENT, symbol=symbol, reach=reach, rows=rows, held=(), newest_us=None)
        return replace(made, tail=tail)

    def _assign(self, gold: TableSnapshot, made: TableSnapshot, symbol: str) -> pa.Table:
        files = self._offsets.beyond(gold, made.position, gold.files.touching(symbol=symbol))
        if not files.any() and gold.tail_rows is None:
            return GOLD_STORY.to_arrow_schema().empty_table()
        texts = self._find_in_memory(gold, made, symbol, files)
        texts = self._read_texts(gold, made, symbol, files) if texts is None else texts
        if texts.num_rows > MAX_TEXTS:
            raise StoriesBehindError(n_texts=texts.num_rows)
        if not texts.num_rows:
            return GOLD_STORY.to_arrow_schema().empty_table()
        return to_story_rows(texts, read_known(self._session, made.files, texts, symbol=symbol))

    def _find_in_memory(
        self, gold: TableSnapshot, made: TableSnapshot, symbol: str, files: "Mask"
    ) -> pa.Table | None:
        """Return the texts beyond the stories from the columnar cache; None where it cannot hold their days."""
        lowest, highest = (bounds[files].tolist() for bounds in gold.files.times[SENTIMENT.time_column])
        times_us = [] if gold.tail is None else [row.time_us for row in gold.tail.held]
        time_range = TimeRange(min(lowest + times_us), max(highest + times_us) + 1)
        columns = self._columns.load(gold, SENTIMENT, symbol, time_range, with_text=True)
        if columns is None:
            return None
        selected = columns.select(time_range, equal={}, since=made.position)
        rows = selected.newest(MAX_TEXTS + 1, SAID_COLUMNS)
        values = zip(*rows, strict=True) if rows else ((),) * (len(SAID_COLUMNS) + len(KEY_COLUMNS))
        arrays = {
            name: pa.array(column, pa.int64() if name == SENTIMENT.time_column else None)
            for name, column in zip((*SAID_COLUMNS, *KEY_COLUMNS), values, strict=True)
        } | {"symbol": pa.repeat(pa.scalar(symbol), len(rows))}
        return pa.table([arrays[field.name].cast(field.type) for field in _SCHEMA], schema=_SCHEMA)

    def _read_texts(self, gold: TableSnapshot, made: TableSnapshot, symbol: str, files: "Mask") -> pa.Table:
        parts = [_SCHEMA.empty_table()]
        if paths := gold.files.selected(files).paths:
            bound = bind_position(made.position, "from")
            found = self._session.fetch_arrow(TEXTS_BEYOND, paths, spec=gold.spec, symbol=symbol, **bound)
            parts.append(found.cast(_SCHEMA))
        if gold.tail_rows is not None:
            parts.append(gold.tail_rows.select(TEXT_COLUMNS).cast(_SCHEMA))
        return pa.concat_tables(parts)
