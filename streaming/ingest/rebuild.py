"""Gold, quarantine and duplicates made again from bronze, by the very transforms of the stream, as a new build.

The old build goes on being served and written until the new one has taken in all that bronze holds.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.catalog import Build, Catalog
from lakehouse.delta_table import open_table
from lakehouse.position import TopicPartition, read_position
from lakehouse.records import RECORD_SCHEMA
from lakehouse.storage import LakeLocation
from lakehouse.tables import BRONZE, DUPLICATES
from streaming.ingest.intake import Forced, Intake

RECORDS_PER_STEP = 50_000
NEARLY_THERE_RECORDS = 5_000
MAX_ROUNDS = 20

Ranges = dict[TopicPartition, tuple[int, int]]


def rebuild(*, lake: LakeLocation, reason: str, progress: Callable[[str], None]) -> Build:
    """Makes and publishes a new build. Cut off before the end, it leaves the old build served and nothing changed.

    Rows are those of the stream, ingest time aside: within a partition the lower offset wins, and between partitions
    the winner that the stream recorded. Raises PositionConflictError where another rebuild was published meanwhile.
    """
    catalog = Catalog(lake)
    build = catalog.next_build(reason)
    forced = _recorded_winners(catalog)
    progress(f"rebuild into build {build.number} ({build.build_id}) begins")
    for topics in _generations(catalog):
        intake = Intake(catalog, build, topics)
        for _ in range(MAX_ROUNDS):
            n_records = _take_in_bronze(lake, intake, forced, progress)
            if n_records <= NEARLY_THERE_RECORDS:
                break
        intake.close()
    catalog.publish_build(build)
    return build


def _generations(catalog: Catalog) -> list[dict[str, str]]:
    """{topic: topic id}, a generation of ids at a time, the oldest first."""
    rounds: dict[int, dict[str, str]] = {}
    for generation in catalog.topic_generations():
        rounds.setdefault(generation.number, {})[generation.topic] = generation.topic_id
    return [rounds[number] for number in sorted(rounds)]


def _recorded_winners(catalog: Catalog) -> Forced:
    """Duplicates whose winner came by another partition: only the order of ingestion, now past, could tell."""
    location = catalog.table_location(DUPLICATES.name, catalog.current_build())
    rows = open_table(location, DUPLICATES).to_pyarrow_table(
        columns=[
            "topic_id",
            "kafka_partition",
            "kafka_offset",
            "winner_topic_id",
            "winner_partition",
            "winner_offset",
        ]
    )
    elsewhere = rows.filter(
        pc.or_(
            pc.not_equal(rows["kafka_partition"], rows["winner_partition"]),
            pc.not_equal(rows["topic_id"], rows["winner_topic_id"]),
        )
    )
    columns = [column.to_pylist() for column in elsewhere.columns]
    return {
        (t, p, o): (winner_t, winner_p, winner_o)
        for t, p, o, winner_t, winner_p, winner_o in zip(*columns, strict=True)
    }


def _take_in_bronze(
    lake: LakeLocation, intake: Intake, forced: Forced, progress: Callable[[str], None]
) -> int:
    """Takes in what bronze holds beyond the intake's position; returns how many records that were."""
    bronze = open_table(lake.child(BRONZE.name), BRONZE)
    until = read_position(bronze, intake.topics.values())
    # What bronze lacks (expired before the first start, or lost) became nothing: every offset counts from 0.
    intake.register(dict.fromkeys(until, 0))
    files = pa.table(bronze.get_add_actions(flatten=True))
    n_total = sum(until[key] - intake.derived_taken[key] for key in until)
    n_done = 0
    while ranges := _next_ranges(intake, until.offsets):
        records = _read_ranges(lake.child(BRONZE.name), files, intake.topics, ranges)
        intake.take_in(records, {key: end for key, (_, end) in ranges.items()}, forced=forced)
        n_done += sum(end - start for start, end in ranges.values())
        progress(f"rebuild {n_done:,} of {n_total:,} offsets")
    intake.flush()
    return n_done


def _next_ranges(intake: Intake, until: Mapping[TopicPartition, int]) -> Ranges:
    ranges: Ranges = {}
    for key, end in until.items():
        start = intake.derived_taken[key]
        if start < end:
            ranges[key] = (start, min(end, start + RECORDS_PER_STEP))
    return ranges


def _read_ranges(
    location: LakeLocation, files: pa.Table, topics: Mapping[str, str], ranges: Ranges
) -> pa.Table:
    """Bronze's records within the ranges, in the order of offsets."""
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
