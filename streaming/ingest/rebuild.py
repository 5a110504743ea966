"""Rebuild of gold, quarantine and duplicates from bronze, by the same transforms as the stream, as a new build.

The old build goes on being served and written until the new one has ingested all that bronze holds, and has its rollups
and scores. What bronze no longer holds is copied from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.delta.catalog import LAYOUT, Build, Catalog
from lakehouse.delta.position import TopicPartition, read_position
from lakehouse.delta.retained_from import read_retained_from
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import open_table
from lakehouse.derived.copy_rows import copy_rows_before
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.messages.corrections import read_excluded
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.schema.tables import BRONZE, DUPLICATES
from lakehouse.series.markets import DEFAULT_RULES, MarketRules
from lakehouse.time_range import DAY_US, to_time
from streaming.ingest.batch import BatchIngestor, KnownDuplicates

RECORDS_PER_STEP = 50_000
CATCH_UP_TOLERANCE_RECORDS = 5_000
MAX_ROUNDS = 20

_FIRST_OFFSETS = "SELECT topic_id, kafka_partition, min(kafka_offset) FROM {rows} GROUP BY ALL"

Ranges = dict[TopicPartition, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Bronze:
    """Part of bronze that is validated again: records that the broker had on or after a day; None: all of it."""

    location: LakeLocation
    first_date: date | None


def rebuild(
    *,
    lake: LakeLocation,
    reason: str,
    progress: Callable[[str], None],
    runtime_dir: Path,
    since_us: int | None = None,
    market_rules: MarketRules = DEFAULT_RULES,
) -> Build:
    """Make and publish a new build. Cut off before the end, it leaves the old build served and nothing changed.

    Rows are those of the stream, ingest time aside: of copies within a partition the lowest offset is stored, and
    between partitions the one that the stream recorded; what operators excluded is quarantined. Records that the broker
    had before the day of ``since_us``, or before bronze's retained_from, are not validated again: their rows are
    copied. Nothing of the table service runs meanwhile.

    Raises: LockedError where it does, PositionConflictError where another rebuild was published meanwhile.
    """
    with held_lock(lock_path(lake, runtime_dir), command="rebuild"):
        catalog = Catalog(lake)
        build = catalog.next_build(reason)
        progress(f"rebuild into build {build.number} ({build.build_id}) begins")
        bronze = _Bronze(lake.child(BRONZE.name), _first_date(lake, since_us))
        if bronze.first_date is not None:
            cut_us = (bronze.first_date - date(1970, 1, 1)).days * DAY_US
            n_rows = copy_rows_before(Lake(lake, build=catalog.newest_build()), build, cut_us=cut_us)
            progress(f"rebuild copied {n_rows:,} rows from before {bronze.first_date}")
        known_duplicates = _recorded_duplicates(catalog)
        for topics in _generations(catalog):
            ingestor = BatchIngestor(catalog, build, topics)
            for _ in range(MAX_ROUNDS):
                n_records = _ingest_bronze(bronze, ingestor, known_duplicates, progress)
                if n_records <= CATCH_UP_TOLERANCE_RECORDS:
                    break
            ingestor.close()
        _refresh(Lake(lake, build=build, market_rules=market_rules), progress)
        catalog.publish_build(build)
    return build


def _first_date(lake: LakeLocation, since_us: int | None) -> date | None:
    retained_from_us = read_retained_from(open_table(lake.child(BRONZE.name), BRONZE))
    known = [instant_us for instant_us in (retained_from_us, since_us) if instant_us is not None]
    return to_time(max(known)).date() if known else None


def _refresh(reader: Lake, progress: Callable[[str], None]) -> None:
    """Make the rollups, scores and stories of a build before it is served, so that its readers lack nothing."""
    for report in refresh_rollups(reader):
        progress(f"rebuild folded {report.n_offsets:,} offsets into {report.table}")
    scores = refresh_scores(reader)
    if scores is not None:
        progress(f"rebuild scored {scores.n_scores:,} forecasts")
    stories = refresh_stories(reader)
    if stories is not None:
        progress(f"rebuild assigned {stories.n_texts:,} texts to {stories.n_stories:,} stories")


def _generations(catalog: Catalog) -> list[dict[str, str]]:
    """Return {topic: topic id}, a generation of ids at a time, the oldest first."""
    rounds: dict[int, dict[str, str]] = {}
    for generation in catalog.topic_generations():
        rounds.setdefault(generation.number, {})[generation.topic] = generation.topic_id
    return [rounds[number] for number in sorted(rounds)]


def _recorded_duplicates(catalog: Catalog) -> KnownDuplicates:
    """Return duplicates of records in another partition: only the order of the past ingestion decided between them.

    The duplicates of a stored record that was excluded since are validated anew.
    """
    build = catalog.newest_build()
    if build.layout != LAYOUT:
        return {}
    location = catalog.table_location(DUPLICATES.name, build)
    excluded = read_excluded(catalog)
    try:
        table = open_table(location, DUPLICATES)
    except LakeNotFoundError:
        return {}
    rows = table.to_pyarrow_table(
        columns=[
            "topic_id",
            "kafka_partition",
            "kafka_offset",
            "stored_topic_id",
            "stored_partition",
            "stored_offset",
        ]
    )
    elsewhere = rows.filter(
        pc.or_(
            pc.not_equal(rows["kafka_partition"], rows["stored_partition"]),
            pc.not_equal(rows["topic_id"], rows["stored_topic_id"]),
        )
    )
    columns = [column.to_pylist() for column in elsewhere.columns]
    return {
        (t, p, o): (stored_t, stored_p, stored_o)
        for t, p, o, stored_t, stored_p, stored_o in zip(*columns, strict=True)
        if (stored_t, stored_p, stored_o) not in excluded
    }


def _ingest_bronze(
    source: _Bronze,
    ingestor: BatchIngestor,
    known_duplicates: KnownDuplicates,
    progress: Callable[[str], None],
) -> int:
    """Ingest what bronze holds beyond the ingestor's position; returns how many records that were."""
    bronze = open_table(source.location, BRONZE)
    until = read_position(bronze, ingestor.topics.values())
    files = pa.table(bronze.get_add_actions(flatten=True))
    begin = dict.fromkeys(until, 0)
    if source.first_date is not None:
        files = files.filter(pc.greater_equal(files["partition.broker_date"], source.first_date))
        begin = {**until.offsets, **_first_offsets(source.location, files)}
    # What bronze lacks (expired before the first start, or lost) became nothing, or was copied.
    ingestor.register(begin)
    n_total = sum(until[key] - ingestor.derived_buffered[key] for key in until)
    n_done = 0
    while ranges := _next_ranges(ingestor, until.offsets):
        records = _read_ranges(source.location, files, ingestor.topics, ranges)
        ingestor.ingest(
            records, {key: end for key, (_, end) in ranges.items()}, known_duplicates=known_duplicates
        )
        n_done += sum(end - start for start, end in ranges.values())
        progress(f"rebuild {n_done:,} of {n_total:,} offsets")
    ingestor.flush()
    return n_done


def _first_offsets(location: LakeLocation, files: pa.Table) -> dict[TopicPartition, int]:
    """Return the lowest offset of each partition that some files of bronze hold."""
    paths = [str(location.open_file(path)) for path in files["path"].to_pylist()]
    rows = DuckdbSession().fetch_rows(_FIRST_OFFSETS, paths, spec=BRONZE)
    return {TopicPartition(topic_id, partition): first for topic_id, partition, first in rows}


def _next_ranges(ingestor: BatchIngestor, until: Mapping[TopicPartition, int]) -> Ranges:
    ranges: Ranges = {}
    for key, end in until.items():
        start = ingestor.derived_buffered[key]
        if start < end:
            ranges[key] = (start, min(end, start + RECORDS_PER_STEP))
    return ranges


def _read_ranges(
    location: LakeLocation, files: pa.Table, topics: Mapping[str, str], ranges: Ranges
) -> pa.Table:
    """Return bronze's records within the ranges, in the order of offsets."""
    names = {topic_id: topic for topic, topic_id in topics.items()}
    tables = []
    for key, (start, end) in ranges.items():
        touching = pc.and_(
            pc.equal(files["partition.topic"], names[key.topic_id]),
            pc.and_(
                pc.less(files["min.kafka_offset"], end), pc.greater_equal(files["max.kafka_offset"], start)
            ),
        )
        inside = (
            (pc.field("topic_id") == key.topic_id)
            & (pc.field("kafka_partition") == key.partition)
            & (pc.field("kafka_offset") >= start)
            & (pc.field("kafka_offset") < end)
        )
        for path in files["path"].filter(touching).to_pylist():
            columns = [name for name in RECORD_SCHEMA.names if name != "topic"]
            rows = pq.read_table(location.open_file(path), columns=columns, filters=inside, partitioning=None)
            tables.append(
                rows.add_column(0, "topic", pa.repeat(names[key.topic_id], rows.num_rows)).cast(RECORD_SCHEMA)
            )
    return pa.concat_tables(tables).sort_by("kafka_offset") if tables else RECORD_SCHEMA.empty_table()
