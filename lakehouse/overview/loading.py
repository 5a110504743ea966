"""Reading of the files that the state of all symbols begins with."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lakehouse.cache.commit_rows import rows_beyond
from lakehouse.delta.position import TopicPartition
from lakehouse.engine.position_sql import bind_position, is_beyond, join_position
from lakehouse.overview.closes import MinuteCloses
from lakehouse.overview.observations import column_names
from lakehouse.series.markets import Market
from lakehouse.time_range import MINUTE_US, TimeRange

if TYPE_CHECKING:
    from lakehouse.engine.duckdb_session import DuckdbSession
    from lakehouse.snapshots.pinned import TableSnapshot

# Each file is read in a few milliseconds without DuckDB, in 10 ms or more with it.
_FILES_READ_ALONE = 16
_CLOSES = """
SELECT symbol, venue, quote, last.us // $width AS minute, last.us AS us, last.topic_id AS topic_id,
    last.partition AS partition, last.offset AS offset, last.price AS price
FROM (
    SELECT symbol, venue, quote, max({'us': epoch_us(event_time), 'topic_id': topic_id,
        'partition': kafka_partition, 'offset': kafka_offset, 'price': price}) AS last
    FROM {rows} WHERE event_time >= $start AND event_time < $end
    GROUP BY symbol, venue, quote, epoch_us(event_time) // $width
)
ORDER BY symbol, venue, quote, minute
"""
_ROWS = "SELECT {columns} FROM {{rows}} WHERE {time} >= $start AND {time} < $end AND {chosen}"
_BEYOND = f"SELECT {{columns}} FROM {{{{rows}}}} {join_position()} WHERE {is_beyond()}"


def load_closes(
    session: "DuckdbSession", price: "TableSnapshot", time_range: TimeRange
) -> Iterator[tuple[str, Market, MinuteCloses]]:
    """Yield the last price of each minute of a range of whole minutes, by symbol and market."""
    paths = price.files.select(time_column=price.spec.sort_by[-1], time_range=time_range).paths
    if not paths:
        return
    bound = {"start": time_range.start_time, "end": time_range.end_time, "width": MINUTE_US}
    rows = session.fetch_arrow(_CLOSES, paths, spec=price.spec, **bound)
    columns: dict[str, Any] = {name: rows[name].to_pylist() for name in ("symbol", "venue", "quote")}
    owners = list(zip(*columns.values(), strict=True))
    edges = [at for at in range(len(owners)) if not at or owners[at] != owners[at - 1]]
    for low, high in zip(edges, [*edges[1:], len(owners)], strict=True):
        symbol, venue, quote = owners[low]
        yield symbol, Market(venue, quote), _to_closes(rows.slice(low, high - low))


def load_rows(
    session: "DuckdbSession",
    table: "TableSnapshot",
    time_range: TimeRange,
    *,
    chosen: str = "TRUE",
    **bound: Any,
) -> pa.Table:
    """Return the observed columns of a range. ``chosen`` is a further condition, of constants and what is ``bound``."""
    time, names = table.spec.sort_by[-1], column_names(table.spec)
    paths = table.files.select(time_column=time, time_range=time_range).paths
    if not paths:
        return table.spec.to_arrow_schema().empty_table().select(names)
    statement = _ROWS.format(columns=", ".join(names), time=time, chosen=chosen)
    bound |= {"start": time_range.start_time, "end": time_range.end_time}
    return session.fetch_arrow(statement, paths, spec=table.spec, **bound)


def load_appended(session: "DuckdbSession", before: "TableSnapshot", after: "TableSnapshot") -> pa.Table:
    """Return the observed columns of the rows that a newer version has beyond the position of another."""
    names, known = column_names(after.spec), set(before.files.paths.tolist())
    paths = [path for path in after.files.paths.tolist() if path not in known]
    if not paths:
        return after.spec.to_arrow_schema().empty_table().select(names)
    if len(paths) <= _FILES_READ_ALONE and after.location.is_local:
        return rows_beyond(paths, names, after.spec, before.position)
    statement = _BEYOND.format(columns=", ".join(names))
    return session.fetch_arrow(statement, paths, spec=after.spec, **bind_position(before.position))


def _to_closes(rows: pa.Table) -> MinuteCloses:
    pairs = zip(rows["topic_id"].to_pylist(), rows["partition"].to_pylist(), strict=True)
    known: dict[tuple[str, int], TopicPartition] = {}
    return MinuteCloses(
        rows["minute"].to_numpy().astype(np.int64),
        rows["us"].to_numpy().copy(),
        rows["offset"].to_numpy().copy(),
        rows["price"].to_numpy().copy(),
        [known.setdefault(pair, TopicPartition(*pair)) for pair in pairs],
    )
