"""What was known at an instant: positions that no record of a later broker time is before.

Rows are never updated and bear the time at which the broker appended their record. So what was known at an instant is
a position, whatever versions are kept: the same rows, however often and whenever it is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.errors import LakeNotFoundError
from lakehouse.schema.tables import CORRECTIONS
from lakehouse.time_range import to_time

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot, TableSnapshot

_MAX_CACHED = 256
_FIRST_LATER = """
SELECT topic_id, kafka_partition, min(kafka_offset) FROM {rows} WHERE broker_time > $known GROUP BY ALL
"""
_EXCLUDED = """
SELECT topic_id, kafka_partition, kafka_offset, epoch_us(excluded_time) FROM {rows}
WHERE excluded_time > $known ORDER BY ALL
"""
_Firsts = Mapping[TopicPartition, int]
_lock = Lock()
_cached: LRUCache[tuple[str, str, int, int], _Firsts] = LRUCache(_MAX_CACHED)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Record that an operator took out of gold after an instant, at ``excluded_us``."""

    topic_id: str
    partition: int
    offset: int
    excluded_us: int


def known_positions(lake: "Lake", snapshot: "Snapshot", known_at_us: int) -> dict[str, Position]:
    """Return, of each table, the position before which every row was known at an instant.

    Each partition ends at its first row of a later broker time: brokers stamp the records of a partition in order.
    """
    return {name: _known_position(lake, table, known_at_us) for name, table in snapshot.tables.items()}


def read_exclusions(lake: "Lake", positions: Mapping[str, Position], known_at_us: int) -> Sequence[Exclusion]:
    """Return the records before positions that were excluded after an instant: they were known then, and are gone."""
    try:
        table = lake.snapshot(CORRECTIONS.name)[CORRECTIONS.name]
    except LakeNotFoundError:
        return []
    paths = table.files.paths.tolist()
    rows = lake.session.fetch_rows(_EXCLUDED, paths, spec=table.spec, known=to_time(known_at_us))
    found = (Exclusion(*row) for row in rows)
    return [
        each
        for each in found
        if any(each.offset < at[TopicPartition(each.topic_id, each.partition)] for at in positions.values())
    ]


def _known_position(lake: "Lake", table: "TableSnapshot", known_at_us: int) -> Position:
    firsts = dict(_firsts_in_gold(lake, table, known_at_us))
    for row in table.tail.held if table.tail is not None else ():
        if row.broker_time_us > known_at_us:
            firsts[row.source] = min(row.offset, firsts.get(row.source, row.offset))
    return Position({key: min(end, firsts.get(key, end)) for key, end in table.reach.offsets.items()})


def _firsts_in_gold(lake: "Lake", table: "TableSnapshot", known_at_us: int) -> _Firsts:
    """Return the first offset of a later broker time in each partition that has one. Costs a scan; cached."""
    key = (table.location.root, table.build.build_id, table.version, known_at_us)
    with _lock:
        known = _cached.get(key)
    if known is None:
        paths = table.files.paths.tolist()
        rows = lake.session.fetch_rows(_FIRST_LATER, paths, spec=table.spec, known=to_time(known_at_us))
        known = {TopicPartition(topic_id, partition): offset for topic_id, partition, offset in rows}
        with _lock:
            _cached[key] = known
    return known
