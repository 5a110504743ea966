"""Append of rows and the position that they move, in one Delta commit through Spark's distributed writer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from lakehouse.errors import PositionConflictError

ABSENT_POSITION = -1
CONFLICT = "cryptoviz.delta.PositionConflictException"

logger = logging.getLogger(__name__)


def append_with_position(
    spark: SparkSession,
    *,
    table_uri: str,
    rows: DataFrame | None,
    expected: Mapping[str, int],
    advanced: Mapping[str, int],
) -> int:
    """Append `rows` and move the table's position from `expected` to `advanced`, in one commit or not at all.

    Safe to repeat: once it has succeeded, the same call raises PositionConflictError and writes nothing. So does a call
    that races with another writer of a position in `expected`, whether that writer is Spark or delta-rs. A compaction,
    or an append that moves other positions, is no conflict. The files of an append that lost stay until the vacuum.

    `expected` maps an app id (`position:{topic_id}:{partition}`) to the next offset to ingest, `ABSENT_POSITION` where
    the table has none yet; an app id in `expected` alone is only watched: where `rows` depend on what the table holds,
    watch all of its positions. `rows` is None for a commit that only moves
    the position; its columns have the table's names and types, in any order, and those it lacks become null.

    Returns the version of the commit. Any other error may come after the commit: read the position before the next try.

    Raises: PositionConflictError; ValueError when `advanced` moves nothing, moves back, or moves what is not expected.
    """
    moved = _moved_positions(expected, advanced)
    jvm: Any = spark._jvm
    try:
        version = int(
            jvm.cryptoviz.delta.PositionedAppend.append(
                spark._jsparkSession, table_uri, None if rows is None else rows._jdf, dict(expected), moved
            )
        )
    except Py4JJavaError as error:
        if error.java_exception.getClass().getName() != CONFLICT:
            raise
        raise _to_conflict(table_uri, error.java_exception) from error
    logger.debug("appended table=%s version=%d positions=%s", table_uri, version, moved)
    return version


def _to_conflict(table_uri: str, conflict: Any) -> PositionConflictError:
    app_id, expected, actual = str(conflict.appId()), int(conflict.expected()), int(conflict.found())
    return PositionConflictError(
        table=table_uri,
        problem=f"{app_id} is at {actual}, not at {expected}",
        app_id=app_id,
        expected=expected,
        actual=actual,
    )


def _moved_positions(expected: Mapping[str, int], advanced: Mapping[str, int]) -> dict[str, int]:
    for app_id, offset in advanced.items():
        if app_id not in expected:
            raise ValueError(f"{app_id} is to move, but it has no expected offset")
        if offset < expected[app_id]:
            raise ValueError(f"{app_id} would move back from {expected[app_id]} to {offset}")
    moved = {app_id: offset for app_id, offset in advanced.items() if offset > expected[app_id]}
    if not moved:
        raise ValueError("no position moves: this append could be repeated without being noticed")
    return moved
