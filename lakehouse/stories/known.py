"""Rows of gold_story that an assignment of texts needs, read from its files."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta.file_index import FileIndex
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.schema.story_table import GOLD_STORY, REACH_US
from lakehouse.stories.rows import KNOWN_AROUND, days_around
from lakehouse.time_range import DAY_US, TimeRange


def read_known(
    session: DuckdbSession, files: FileIndex, texts: pa.Table, *, symbol: str | None = None
) -> list[tuple[Any, ...]]:
    """Return the rows of KNOWN_AROUND of texts, of which there is one at least; all of one ``symbol`` where given."""
    times_us = pc.min_max(texts["event_time"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())).as_py()
    around = TimeRange(times_us["min"] - REACH_US - DAY_US, times_us["max"] + REACH_US + DAY_US)
    selected = files.select(symbol=symbol, time_column="event_time", time_range=around)
    symbols, days = days_around(texts)
    return session.fetch_rows(KNOWN_AROUND, selected.paths, spec=GOLD_STORY, symbols=symbols, days=days)
