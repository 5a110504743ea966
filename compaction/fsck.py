"""Whether a lake is what it claims to be. Reads only, and reads beside whatever else goes on."""

from compaction.bounded_duckdb import bounded_connection
from compaction.file_check import check_files
from compaction.finding import Finding
from compaction.lake_tables import open_tables
from compaction.live_files import read_live_files
from compaction.record_check import check_records
from compaction.row_check import check_rows
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS
from lakehouse.schema.tables import BRONZE


def check_lake(lake: LakeLocation, *, is_deep: bool = False) -> list[Finding]:
    """Every breakage of the served build; empty where there is none.

    Tables are read at the versions that they have when it comes to them; records are compared as far as all tables
    of a topic have come. Raises LakeNotFoundError before the first build.
    """
    topic_ids = {
        topic: [
            generation.topic_id
            for generation in Catalog(lake).topic_generations()
            if generation.topic == topic
        ]
        for topic in CONTRACTS
    }
    every_id = [topic_id for ids in topic_ids.values() for topic_id in ids]
    findings: list[Finding] = []
    paths: dict[str, list[str]] = {}
    positions: dict[str, Position] = {}
    with bounded_connection() as connection:
        for spec, location, table in open_tables(lake):
            checked = check_files(spec, location, read_live_files(table, spec), is_deep=is_deep)
            findings += checked.findings
            paths[spec.name] = [location.open_file(file.path) for file in checked.readable]
            positions[spec.name] = read_position(table, every_id)
            findings += check_rows(connection, spec, paths[spec.name], positions[spec.name])
        if BRONZE.name not in paths:
            return findings
        for topic, contract in CONTRACTS.items():
            own = {name: position.of_topics(topic_ids[topic]) for name, position in positions.items()}
            if contract.table.name in own:
                findings += check_records(connection, contract, paths, own)
    return findings
