"""Consistency check of a lake. Reads only, and runs beside writers and maintenance."""

from compaction.bounded_duckdb import bounded_connection
from compaction.fsck.file_check import check_files
from compaction.fsck.issue import Issue
from compaction.fsck.record_check import check_records
from compaction.fsck.row_check import check_rows
from compaction.fsck.story_check import check_stories
from compaction.lake_tables import open_tables
from compaction.live_files import read_live_files
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.retained_from import read_retained_from
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import BRONZE, GOLD_SENTIMENT


def check_lake(lake: LakeLocation, *, is_deep: bool = False) -> list[Issue]:
    """Return every issue of the served build.

    Each table is read at its version when its turn comes; records are compared up to the position that all tables of
    a topic have reached. Raises LakeNotFoundError before the first build.
    """
    topic_ids: dict[str, list[str]] = {topic: [] for topic in CONTRACTS}
    for generation in Catalog(lake).topic_generations():
        topic_ids.setdefault(generation.topic, []).append(generation.topic_id)
    known_ids = [topic_id for topic in CONTRACTS for topic_id in topic_ids[topic]]
    issues: list[Issue] = []
    paths: dict[str, list[str]] = {}
    positions: dict[str, Position] = {}
    retained_from_us: dict[str, int] = {}
    with bounded_connection() as connection:
        for spec, location, table in open_tables(lake):
            found, readable = check_files(spec, location, read_live_files(table, spec), is_deep=is_deep)
            paths[spec.name] = [location.open_file(file.path) for file in readable]
            positions[spec.name] = read_position(table, known_ids)
            retained_from_us[spec.name] = read_retained_from(table) or 0
            issues += found + check_rows(connection, spec, paths[spec.name], positions[spec.name])
        for topic, contract in CONTRACTS.items():
            of_topic = {name: position.of_topics(topic_ids[topic]) for name, position in positions.items()}
            if BRONZE.name in paths and contract.table.name in paths:
                issues += check_records(connection, contract, paths, of_topic)
        if GOLD_STORY.name in paths and GOLD_SENTIMENT.name in paths:
            first_us = retained_from_us[GOLD_SENTIMENT.name]
            issues += check_stories(connection, paths, positions, retained_from_us=first_us)
    return issues
