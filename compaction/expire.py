"""Whole days that a table's retention no longer covers leave it: the only commits here that take rows away.

Nothing goes that somebody still needs: rollups hold a day before its rows go, every forecast has its score before it
or its price goes, and a record of bronze goes only when the derived tables have taken it in.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from deltalake import DeltaTable

from compaction.errors import SwapConflictError
from compaction.lake_tables import open_tables
from compaction.live_files import LiveFile, read_live_files
from compaction.plan import partition_end_us
from compaction.swap import Swap, commit_swap
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.retained_from import read_retained_from
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import open_table
from lakehouse.derived.outcomes import GRACE_US, SILENCE_US
from lakehouse.derived.score_refresh import oldest_unscored
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.messages.contract import CONTRACTS, MAX_EVENT_AGE
from lakehouse.process.retention import Retention
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import (
    BRONZE,
    DUPLICATES,
    GOLD_PREDICTION,
    GOLD_PRICE,
    GOLD_SCORE,
    QUARANTINE,
    TABLES,
)
from lakehouse.series.definitions import MAX_REALISED_AGE_US
from lakehouse.series.rollups import ROLLUPS
from lakehouse.time_range import DAY_US, to_time

_EPOCH = date(1970, 1, 1)
_ENDS = """
SELECT topic_id, kafka_partition, max(kafka_offset) + 1
FROM read_parquet($expired_files, union_by_name = true) GROUP BY ALL
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What of one table is beyond its retention, and went, or would go.

    ``first_date`` is the first day that is left. ``held_back`` says why nothing, or less than the retention asks
    for, goes for now; None where all of it does. Storage gives ``size_bytes`` back with the vacuum after next.
    """

    table: str
    n_partitions: int
    n_files: int
    n_rows: int
    size_bytes: int
    first_date: str
    held_back: str | None = None


@dataclass(frozen=True, slots=True)
class _Limit:
    """The first instant that has to stay for somebody else's sake."""

    instant_us: int
    why: str


def expire_lake(
    lake: Lake,
    retention: Retention,
    *,
    names: frozenset[str] = frozenset(),
    now_us: int | None = None,
    dry_run: bool = True,
) -> list[Expired]:
    """Removes, or in a dry run only counts, the days that tables no longer keep; tables without such are left out.

    Rollups and scores have to be refreshed before: what they lack is held back (a dry run expects of rollups that they
    will be). Safe beside streams and readers; a second call right after does nothing. Raises LakeNotFoundError before
    the first build.
    """
    now_us = time.time_ns() // 1_000 if now_us is None else now_us
    limits = _score_limits(lake)
    found = []
    for spec, location, table in open_tables(lake.location, names | {BRONZE.name} if names else names):
        cut_us = None
        if spec.name in retention.days and (not names or spec.name in names):
            cut_us = now_us - retention.days[spec.name] * DAY_US
            expired = _expire(lake, spec, location, table, cut_us, limits, dry_run=dry_run)
            found += [] if expired is None else [expired]
        if spec is BRONZE:
            limits |= _bronze_limits(table, limits, expected_us=cut_us if dry_run else None)
    return found


def _expire(
    lake: Lake,
    spec: TableSpec,
    location: LakeLocation,
    table: DeltaTable,
    cut_us: int,
    limits: Mapping[str, _Limit],
    *,
    dry_run: bool,
) -> Expired | None:
    limit, held_back = limits.get(spec.name), None
    files = _files_before(spec, table, cut_us)
    if limit is not None and limit.instant_us < cut_us:
        kept = _files_before(spec, table, limit.instant_us)
        held_back = limit.why if len(kept) < len(files) else None
        files, cut_us = kept, limit.instant_us
    is_refreshed_first = dry_run and spec is not BRONZE
    if files and not is_refreshed_first and (lacking := _lacking(lake, spec, location, files)) is not None:
        files, held_back = [], lacking
    if not files and held_back is None:
        return None
    first_day = _first_day(spec, cut_us)
    expired = Expired(
        table=spec.name,
        n_partitions=len({file.partition for file in files}),
        n_files=len(files),
        n_rows=sum(file.n_rows for file in files),
        size_bytes=sum(file.size_bytes for file in files),
        first_date=(_EPOCH + timedelta(days=first_day)).isoformat(),
        held_back=held_back,
    )
    if files and not dry_run:
        try:
            _commit(spec, table, files, max(first_day, (read_retained_from(table) or 0) // DAY_US), expired)
        except SwapConflictError as error:
            logger.warning("expiry left to the next run table=%s reason=%s", spec.name, error)
            return replace(expired, n_partitions=0, n_files=0, n_rows=0, size_bytes=0, held_back=str(error))
    return expired


def _commit(
    spec: TableSpec, table: DeltaTable, files: list[LiveFile], first_day: int, expired: Expired
) -> None:
    swap = Swap(removed=files, changes_rows=True, horizon_day=first_day)
    version = commit_swap(
        table, spec, swap, noted={"maintenance": "expire", "first_date": expired.first_date}
    )
    logger.info(
        "expired table=%s version=%d partitions=%d files=%d rows=%d bytes=%d first_date=%s",
        expired.table,
        version,
        expired.n_partitions,
        expired.n_files,
        expired.n_rows,
        expired.size_bytes,
        expired.first_date,
    )


def _files_before(spec: TableSpec, table: DeltaTable, cut_us: int) -> list[LiveFile]:
    """Files of partitions that end at or before an instant."""
    return [file for file in read_live_files(table, spec) if partition_end_us(spec, file.partition) <= cut_us]


def _first_day(spec: TableSpec, cut_us: int) -> int:
    """The first day (since the epoch) of the oldest partition that does not end before an instant."""
    day = to_time(cut_us).date()
    return ((day.replace(day=1) if "month_date" in spec.partition_by else day) - _EPOCH).days


def _lacking(lake: Lake, spec: TableSpec, location: LakeLocation, files: list[LiveFile]) -> str | None:
    """Which table has not taken in yet what the files hold; None where all have that are made of this one."""
    if spec is BRONZE:
        needed_by = {TABLES[name].name for name in _DERIVED_OF_BRONZE}
    else:
        needed_by = {rollup.table.name for rollup in ROLLUPS if rollup.gold is spec}
    if not needed_by:
        return None
    paths = [str(location.open_file(file.path)) for file in files]
    rows = lake.session.fetch_rows(_ENDS, [], spec=spec, expired_files=paths)
    ends = Position({TopicPartition(topic_id, partition): end for topic_id, partition, end in rows})
    for name in sorted(needed_by):
        own = ends.of_topics(_topic_ids(lake, name)) if name in _TOPIC_OF else ends
        if not _position(lake, name, own).covers(own):
            return f"{name} has not taken in yet all that would go"
    return None


_TOPIC_OF = {contract.table.name: contract.topic for contract in CONTRACTS.values()}
_DERIVED_OF_BRONZE = (*_TOPIC_OF, QUARANTINE.name, DUPLICATES.name)


def _topic_ids(lake: Lake, name: str) -> list[str]:
    generations = lake.catalog.topic_generations()
    return [generation.topic_id for generation in generations if generation.topic == _TOPIC_OF[name]]


def _position(lake: Lake, name: str, ends: Position) -> Position:
    try:
        table = open_table(lake.catalog.table_location(name, lake.current_build(refresh=True)), TABLES[name])
    except LakeNotFoundError:
        return Position()
    return read_position(table, sorted({key.topic_id for key in ends}))


def _bronze_limits(
    table: DeltaTable, limits: Mapping[str, _Limit], *, expected_us: int | None
) -> dict[str, _Limit]:
    """Gold keeps what records that bronze still has may speak of, so that a rebuild brings nothing back.

    A dry run tells where bronze is ``expected`` to begin. The earlier of these and the known ``limits`` counts.
    """
    days = [
        file.partition[BRONZE.partition_by.index("broker_date")] for file in read_live_files(table, BRONZE)
    ]
    if not days:
        return {}
    first_us = (date.fromisoformat(min(days)) - _EPOCH).days * DAY_US
    if expected_us is not None:
        first_us = max(first_us, _first_day(BRONZE, expected_us) * DAY_US)
    why = "bronze still has records of that time and goes first"
    known = {name: _Limit(first_us - MAX_EVENT_AGE.days * DAY_US, why) for name in _TOPIC_OF}
    known |= {name: _Limit(first_us, why) for name in (QUARANTINE.name, DUPLICATES.name)}
    return {
        name: min(limit, limits.get(name, limit), key=lambda one: one.instant_us)
        for name, limit in known.items()
    }


def _score_limits(lake: Lake) -> dict[str, _Limit]:
    """What forecasts without a score still need: themselves, the prices around their targets, and their like's scores.

    A forecast that arrived after the oldest of them may be of MAX_EVENT_AGE before; its score tells that it has one.
    """
    try:
        unscored = oldest_unscored(lake)
    except LakeNotFoundError:
        return {}
    if unscored is None:
        return {}
    made_us, target_us = unscored
    why = "a forecast of that time has no score yet"
    return {
        GOLD_PREDICTION.name: _Limit(made_us, why),
        GOLD_PRICE.name: _Limit(target_us - MAX_REALISED_AGE_US - GRACE_US - SILENCE_US, why),
        GOLD_SCORE.name: _Limit(made_us - (MAX_EVENT_AGE.days + 1) * DAY_US, why),
    }
