"""Check of records: each record of bronze is one row of gold, quarantine or duplicates, or an accepted loss."""

from collections.abc import Mapping, Sequence

import duckdb

from compaction.fsck.issue import Issue
from lakehouse.delta.position import Position, common_position
from lakehouse.engine.duckdb_session import padded_rows
from lakehouse.engine.position_sql import bind_position, is_before, join_position
from lakehouse.messages.contract import MessageContract
from lakehouse.schema.tables import BRONZE, DUPLICATES, LOSSES, QUARANTINE

_RECORD_IDS = (
    f"SELECT topic_id, kafka_partition, kafka_offset FROM {{0}} {join_position()} WHERE {is_before()}"
)
_RECORDS = """
WITH raw AS (SELECT DISTINCT * FROM ({raw})),
accounted AS (SELECT *, count(*) AS n FROM ({gold} UNION ALL {quarantine} UNION ALL {duplicates}) GROUP BY ALL),
begins AS (SELECT topic_id, kafka_partition, min(kafka_offset) AS first_offset FROM raw GROUP BY ALL),
every AS (
    SELECT topic_id, kafka_partition, kafka_offset, raw.topic_id IS NOT NULL AS is_raw, coalesce(n, 0) AS n
    FROM raw FULL JOIN accounted USING (topic_id, kafka_partition, kafka_offset)
),
broken AS (
    SELECT topic_id, kafka_partition, kafka_offset, CASE
        WHEN n > 1 THEN 'record accounted twice'
        WHEN n = 0 THEN 'record unaccounted'
        WHEN NOT is_raw AND kafka_offset >= first_offset THEN 'row without record'
    END AS broken_rule
    FROM every LEFT JOIN begins USING (topic_id, kafka_partition)
)
SELECT broken_rule, count(*), min(topic_id || '/' || kafka_partition || '/' || kafka_offset)
FROM broken
WHERE broken_rule IS NOT NULL AND (broken_rule = 'record accounted twice' OR NOT EXISTS (
    SELECT 1 FROM {losses} AS lost
    WHERE lost.topic_id = broken.topic_id AND lost.kafka_partition = broken.kafka_partition
        AND broken.kafka_offset >= lost.from_offset
        AND (lost.to_offset IS NULL OR broken.kafka_offset < lost.to_offset)
        AND (lost.table_name = 'bronze') = (broken_rule = 'row without record')
))
GROUP BY ALL ORDER BY ALL
"""

Paths = Mapping[str, Sequence[str]]


def check_records(
    connection: duckdb.DuckDBPyConnection,
    contract: MessageContract,
    paths: Paths,
    positions: Mapping[str, Position],
) -> list[Issue]:
    """Compare the records of one topic, up to the position that every table has reached. ``paths`` are files by table.

    Records below bronze's first offset are not checked: bronze may have a shorter retention than gold.
    """
    specs = {"raw": BRONZE, "gold": contract.table, "quarantine": QUARANTINE, "duplicates": DUPLICATES}
    common = common_position(positions[spec.name] for spec in specs.values())
    if not len(common):
        return []
    statement = _RECORDS
    bound: dict[str, list[str]] = {}
    for name, spec in {**specs, "losses": LOSSES}.items():
        files = list(paths.get(spec.name, ()))
        source = padded_rows(spec, f"{name}_files" if files else None)
        part = source if name == "losses" else _RECORD_IDS.format(source)
        statement = statement.replace(f"{{{name}}}", part)
        bound |= {f"{name}_files": files} if files else {}
    rows = connection.execute(statement, {**bound, **bind_position(common)}).fetchall()
    return [
        Issue(check=check, table=contract.table.name, n=n, detail=f"first of {contract.topic}: {first}")
        for check, n, first in rows
    ]
