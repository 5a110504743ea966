"""Check of stories: each text of gold has a story, and each story that is not older than gold has its text."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from compaction.fsck.issue import Issue
from lakehouse.delta.position import Position, common_position
from lakehouse.engine.duckdb_session import padded_rows
from lakehouse.engine.position_sql import bind_position, is_before, join_position
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.time_range import to_time

_IDS = f"""
SELECT DISTINCT message_id FROM {{rows}} {join_position()} WHERE {is_before()} AND event_time >= $retained_from
"""
_UNTOLD = f"""
WITH texts AS ({_IDS.replace("{rows}", "{texts}")}), stories AS ({_IDS.replace("{rows}", "{stories}")})
SELECT texts.message_id IS NULL, count(*), min(message_id)
FROM texts FULL JOIN stories USING (message_id)
WHERE texts.message_id IS NULL OR stories.message_id IS NULL
GROUP BY ALL ORDER BY ALL
"""


def check_stories(
    connection: duckdb.DuckDBPyConnection,
    paths: Mapping[str, Sequence[str]],
    positions: Mapping[str, Position],
    *,
    retained_from_us: int,
) -> list[Issue]:
    """Compare texts and stories up to the position that both tables have reached. ``paths`` are files by table.

    Texts from before ``retained_from_us`` have expired; their stories stay.
    """
    common = common_position(positions[spec.name] for spec in (GOLD_SENTIMENT, GOLD_STORY))
    if not len(common):
        return []
    statement = _UNTOLD
    bound: dict[str, Any] = {"retained_from": to_time(retained_from_us), **bind_position(common)}
    for name, spec in (("texts", GOLD_SENTIMENT), ("stories", GOLD_STORY)):
        files = list(paths.get(spec.name, ()))
        statement = statement.replace(f"{{{name}}}", padded_rows(spec, f"{name}_files" if files else None))
        bound |= {f"{name}_files": files} if files else {}
    return [
        Issue(
            check="story without text" if is_story else "text without story",
            table=GOLD_STORY.name,
            n=n,
            detail=f"first: {first}",
        )
        for is_story, n, first in connection.execute(statement, bound).fetchall()
    ]
