"""Check of rows: each is in its partition, once, and before the table's position."""

from collections.abc import Sequence
from typing import Any

import duckdb

from compaction.fsck.issue import Issue
from lakehouse.delta.position import Position
from lakehouse.engine.duckdb_session import padded_rows
from lakehouse.engine.position_sql import bind_position, is_beyond, join_position
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import BRONZE, DUPLICATES, GOLD_SCORE, GOLD_TABLES, QUARANTINE

_RECORD_ID = "topic_id || '/' || kafka_partition || '/' || kafka_offset"
_OUTSIDE = "SELECT count(*), min({key}::VARCHAR) FROM {rows} WHERE {partition} IS DISTINCT FROM {day}"
_TWICE = "SELECT count(*), min(key) FROM (SELECT {key} AS key FROM {rows} GROUP BY ALL HAVING count(*) > 1)"
_BEYOND = f"SELECT count(*), min({_RECORD_ID}) FROM {{rows}} {join_position()} WHERE {is_beyond()}"
_POSITIONED = (*GOLD_TABLES, GOLD_STORY, QUARANTINE, DUPLICATES, BRONZE)


def check_rows(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, paths: Sequence[str], position: Position
) -> list[Issue]:
    """Return the issues of the rows of a table's files; ``position`` is the table's at their version."""
    if not paths:
        return []
    rows = padded_rows(spec)
    issues = []

    def count(check: Any, statement: str, detail: str, **bound: Any) -> None:
        parameters = {"files": list(paths), **bound}
        ((n, first),) = connection.execute(statement.replace("{rows}", rows), parameters).fetchall()
        if n:
            issues.append(Issue(check=check, table=spec.name, n=n, detail=detail.format(first)))

    partition = next((name for name in spec.partition_by if name.endswith("_date")), None)
    if partition is not None:
        time_column = "broker_time" if partition == "broker_date" else spec.sort_by[-1]
        unit = "month" if partition == "month_date" else "day"
        day = f"date_trunc('{unit}', {time_column})::DATE"
        statement = _OUTSIDE.replace("{key}", time_column).replace("{partition}", partition)
        count("outside partition", statement.replace("{day}", day), f"first {time_column}: {{}}")
    names = set(spec.column_names)
    keys = {
        "message_id": spec in (*GOLD_TABLES, GOLD_SCORE, GOLD_STORY),
        _RECORD_ID: "kafka_offset" in names,
    }
    for key in (key for key, is_unique in keys.items() if is_unique):
        count("duplicate key", _TWICE.replace("{key}", key), "first: {}")
    if spec in _POSITIONED:
        count("beyond position", _BEYOND, "first: {}", **bind_position(position))
    return issues
