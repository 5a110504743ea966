"""Copies of rows that a rebuild cannot make again from bronze, from the build before.

Bronze has a shorter retention than the tables that are made of it. A row whose record came before a cut is copied,
and every record since is ingested anew, so that each record is accounted for once.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, Transaction

from lakehouse.delta.catalog import Build
from lakehouse.delta.retained_from import RETAINED_FROM_APP_ID
from lakehouse.delta.table import POST_COMMIT_HOOKS, append, ensure_table
from lakehouse.derived.outcomes import GRACE_US, SILENCE_US
from lakehouse.lake import Lake
from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import (
    DUPLICATES,
    GOLD_PREDICTION,
    GOLD_PRICE,
    GOLD_SCORE,
    GOLD_SENTIMENT,
    GOLD_TABLES,
    QUARANTINE,
)
from lakehouse.series.definitions import MAX_REALISED_AGE_US
from lakehouse.series.rollups import ROLLUPS
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import DAY_US, to_time

ROWS_PER_COMMIT = 500_000
_BEFORE = "SELECT * FROM {rows} WHERE {condition}"

logger = logging.getLogger(__name__)


def copy_rows_before(lake: Lake, build: Build, *, cut_us: int) -> int:
    """Copy the rows from before a cut into a build that is not served yet; return their number.

    Of gold, quarantine and duplicates the rows whose record the broker had before ``cut_us``; of rollups, scores and
    stories those of rows that gold has expired. ``retained_from`` is copied too. Positions begin where the rebuild
    does.
    """
    # What is made of gold is pinned before it, and holds nothing that it lacks.
    copied = (*ROLLUP_TABLES, GOLD_SCORE, GOLD_STORY, *GOLD_TABLES, QUARANTINE, DUPLICATES)
    pinned = lake.snapshot(optional=tuple(spec.name for spec in copied)).tables
    n_rows = 0
    for spec in (*GOLD_TABLES, QUARANTINE, DUPLICATES):
        n_rows += _copy(lake, build, pinned.get(spec.name), "broker_time < $until", until=to_time(cut_us))
    for rollup in ROLLUPS:
        retained_from_us = _retained_from_us(pinned, rollup.gold)
        if retained_from_us:
            old = pinned.get(rollup.table.name)
            n_rows += _copy(lake, build, old, "bucket_time < $until", until=to_time(retained_from_us))
    if told_us := _retained_from_us(pinned, GOLD_SENTIMENT):
        n_rows += _copy(
            lake, build, pinned.get(GOLD_STORY.name), "event_time < $until", until=to_time(told_us)
        )
    made_us, priced_us = _retained_from_us(pinned, GOLD_PREDICTION), _retained_from_us(pinned, GOLD_PRICE)
    if made_us or priced_us:
        settled_us = priced_us + MAX_REALISED_AGE_US + GRACE_US + SILENCE_US if priced_us else 0
        condition = "made_at < $made OR target_time < $settled"
        bound = {"made": to_time(made_us), "settled": to_time(settled_us)}
        n_rows += _copy(lake, build, pinned.get(GOLD_SCORE.name), condition, **bound)
    return n_rows


def _retained_from_us(pinned: Mapping[str, TableSnapshot], spec: TableSpec) -> int:
    """Return the first instant that a table retains; 0 where it has expired nothing."""
    table = pinned.get(spec.name)
    return 0 if table is None else table.retained_from_us or 0


def _copy(lake: Lake, build: Build, old: TableSnapshot | None, condition: str, **bound: Any) -> int:
    if old is None:
        return 0
    spec = old.spec
    table = ensure_table(lake.catalog.table_location(spec.name, build), spec)
    n_rows = 0
    for rows in _read(lake, old, condition, bound):
        append(table, spec, rows, expected={}, advanced={})
        n_rows += rows.num_rows
    if old.retained_from_us is not None:
        table.create_write_transaction(
            [],
            mode="append",
            schema=spec.to_delta_schema(),
            partition_by=list(spec.partition_by),
            commit_properties=CommitProperties(
                app_transactions=[Transaction(RETAINED_FROM_APP_ID, old.retained_from_us // DAY_US)]
            ),
            post_commithook_properties=POST_COMMIT_HOOKS,
        )
    logger.info(
        "rows copied table=%s rows=%d from=%s to=%s", spec.name, n_rows, old.build.build_id, build.build_id
    )
    return n_rows


def _read(lake: Lake, old: TableSnapshot, condition: str, bound: Mapping[str, Any]) -> Iterator[pa.Table]:
    """Yield the rows that meet a condition, in pieces for one commit each."""
    statement, schema = _BEFORE.replace("{condition}", condition), old.spec.to_arrow_schema()
    paths = old.files.paths.tolist()
    pieces = lake.session.stream_arrow(statement, paths, spec=old.spec, n_rows=ROWS_PER_COMMIT, **bound)
    for rows in pieces if paths else ():
        yield rows.select(schema.names).cast(schema)
