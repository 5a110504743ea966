"""Expiry of whole days that a table's retention no longer covers: the only commits here that remove rows.

Needed rows stay: a day stays until its rollups and stories hold it, a forecast and its prices until it has a score, and
a record of bronze until the derived tables have ingested it.
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
from compaction.rewriting.plan import partition_end_us
from compaction.swap import Swap, commit_swap
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.delta.retained_from import read_retained_from
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.outcomes import GRACE_US, SILENCE_US
from lakehouse.derived.score_refresh import oldest_unscored
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.messages.contract import CONTRACTS, MAX_EVENT_AGE
from lakehouse.process.retention import Retention
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import (
    BRONZE,
    DUPLICATES,
    GOLD_PREDICTION,
    GOLD_PRICE,
    GOLD_SCORE,
    GOLD_SENTIMENT,
    QUARANTINE,
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
    """Partitions of a table that are beyond its retention and were, or would be, removed.

    ``first_date`` is the first day that is left. ``held_back`` is the reason why fewer days than the retention asks for
    expire now, None where all of them do. Storage has ``size_bytes`` back after the next vacuum but one.
    """

    table: str
    n_partitions: int = 0
    n_files: int = 0
    n_rows: int = 0
    size_bytes: int = 0
    first_date: str
    held_back: str | None = None


@dataclass(frozen=True, slots=True)
class _Limit:
    """First instant of a table that has to stay, with the reason."""

    instant_us: int
    reason: str


def expire_lake(
    lake: Lake,
    retention: Retention,
    *,
    names: frozenset[str] = frozenset(),
    now_us: int | None = None,
    dry_run: bool = True,
) -> list[Expired]:
    """Remove, or in a dry run only count, the days that tables no longer keep. Idempotent.

    Refresh rollups and scores before: days that they lack are held back (a dry run assumes refreshed rollups). Safe
    beside streams and readers. Raises LakeNotFoundError before the first build.
    """
    now_us = time.time_ns() // 1_000 if now_us is None else now_us
    limits = _score_limits(lake)
    results = []
    for spec, location, table in open_tables(lake.location, names | {BRONZE.name} if names else names):
        cut_us = None
        if spec.name in retention.days and (not names or spec.name in names):
            cut_us = now_us - retention.days[spec.name] * DAY_US
            expired = _expire(lake, spec, location, table, cut_us, limits.get(spec.name), dry_run=dry_run)
            results += [] if expired is None else [expired]
        if spec is BRONZE:
            limits |= _bronze_limits(table, limits, expected_us=cut_us if dry_run else None)
    return results


def _expire(
    lake: Lake,
    spec: TableSpec,
    location: LakeLocation,
    table: DeltaTable,
    cut_us: int,
    limit: _Limit | None,
    *,
    dry_run: bool,
) -> Expired | None:
    held_back = None
    files = _files_before(spec, table, cut_us)
    if limit is not None and limit.instant_us < cut_us:
        allowed = _files_before(spec, table, limit.instant_us)
        held_back = limit.reason if len(allowed) < len(files) else None
        files, cut_us = allowed, limit.instant_us
    is_refreshed_first = dry_run and spec is not BRONZE
    if files and not is_refreshed_first and (behind := _find_table_behind(lake, spec, location, files)):
        files, held_back = [], f"{behind} has not ingested all of these records yet"
    if not files and held_back is None:
        return None
    first_day = _first_day(spec, cut_us)
    nothing = Expired(
        table=spec.name, first_date=(_EPOCH + timedelta(days=first_day)).isoformat(), held_back=held_back
    )
    expired = replace(
        nothing,
        n_partitions=len({file.partition for file in files}),
        n_files=len(files),
        n_rows=sum(file.n_rows for file in files),
        size_bytes=sum(file.size_bytes for file in files),
    )
    if files and not dry_run:
        try:
            _commit(spec, table, files, max(first_day, (read_retained_from(table) or 0) // DAY_US), expired)
        except SwapConflictError as error:
            logger.warning("expiry left to the next run table=%s reason=%s", spec.name, error)
            return replace(nothing, held_back=str(error))
    return expired


def _commit(
    spec: TableSpec, table: DeltaTable, files: list[LiveFile], first_day: int, expired: Expired
) -> None:
    swap = Swap(removed=files, changes_rows=True, retained_from_day=first_day)
    info = {"maintenance": "expire", "first_date": expired.first_date}
    version = commit_swap(table, spec, swap, info=info)
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
    """Return the files of partitions that end at or before an instant."""
    return [file for file in read_live_files(table, spec) if partition_end_us(spec, file.partition) <= cut_us]


def _first_day(spec: TableSpec, cut_us: int) -> int:
    """Return the first day (since the epoch) of the oldest partition that does not end before an instant."""
    day = to_time(cut_us).date()
    return ((day.replace(day=1) if "month_date" in spec.partition_by else day) - _EPOCH).days


def _find_table_behind(
    lake: Lake, spec: TableSpec, location: LakeLocation, files: list[LiveFile]
) -> str | None:
    """Return the first table derived from this one that has not ingested all rows of the files."""
    if spec is BRONZE:
        derived = set(_DERIVED_OF_BRONZE)
    else:
        derived = {rollup.table.name for rollup in ROLLUPS if rollup.gold is spec}
        derived |= {GOLD_STORY.name} if spec is GOLD_SENTIMENT else set()
    if not derived:
        return None
    paths = [str(location.open_file(file.path)) for file in files]
    rows = lake.session.fetch_rows(_ENDS, [], spec=spec, expired_files=paths)
    ends = Position({TopicPartition(topic_id, partition): end for topic_id, partition, end in rows})
    lake.current_build(refresh=True)
    tables = lake.snapshot(optional=tuple(sorted(derived))).tables
    generations = lake.catalog.topic_generations()
    for name in sorted(derived):
        own = ends
        if name in _TOPIC_OF:
            own = ends.of_topics([each.topic_id for each in generations if each.topic == _TOPIC_OF[name]])
        if not (tables[name].position if name in tables else Position()).covers(own):
            return name
    return None


_TOPIC_OF = {contract.table.name: contract.topic for contract in CONTRACTS.values()}
_DERIVED_OF_BRONZE = (*_TOPIC_OF, QUARANTINE.name, DUPLICATES.name)


def _bronze_limits(
    table: DeltaTable, limits: Mapping[str, _Limit], *, expected_us: int | None
) -> dict[str, _Limit]:
    """Return the limits of the tables that bronze's records may still refer to, so that a rebuild brings no row back.

    In a dry run bronze is ``expected`` to begin at an instant. The earlier of these and the given ``limits`` applies.
    """
    days = [
        file.partition[BRONZE.partition_by.index("broker_date")] for file in read_live_files(table, BRONZE)
    ]
    if not days:
        return {}
    first_us = (date.fromisoformat(min(days)) - _EPOCH).days * DAY_US
    if expected_us is not None:
        first_us = max(first_us, _first_day(BRONZE, expected_us) * DAY_US)
    reason = "bronze still has records of that time and expires first"
    bronze_limits = {name: _Limit(first_us - MAX_EVENT_AGE.days * DAY_US, reason) for name in _TOPIC_OF}
    bronze_limits |= {name: _Limit(first_us, reason) for name in (QUARANTINE.name, DUPLICATES.name)}
    return {
        name: min(limit, limits.get(name, limit), key=lambda candidate: candidate.instant_us)
        for name, limit in bronze_limits.items()
    }


def _score_limits(lake: Lake) -> dict[str, _Limit]:
    """Return the limits of forecasts without a score: themselves, prices around their targets, scores of their time.

    A forecast that arrives after the oldest of them may be MAX_EVENT_AGE older; its score marks it as scored.
    """
    try:
        unscored = oldest_unscored(lake)
    except LakeNotFoundError:
        return {}
    if unscored is None:
        return {}
    made_us, target_us = unscored
    reason = "a forecast of that time has no score yet"
    return {
        GOLD_PREDICTION.name: _Limit(made_us, reason),
        GOLD_PRICE.name: _Limit(target_us - MAX_REALISED_AGE_US - GRACE_US - SILENCE_US, reason),
        GOLD_SCORE.name: _Limit(made_us - (MAX_EVENT_AGE.days + 1) * DAY_US, reason),
    }
