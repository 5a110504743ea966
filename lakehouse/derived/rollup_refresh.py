"""Refresh of rollups from new rows of gold: each row once, whoever refreshes, and whenever one is killed.

A commit holds the partial sums of the rows between two positions and moves the rollup's position from the one to the
other by compare-and-set. Of two refreshers that fold the same rows one loses its commit and reads again.
"""

import logging
import time
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.delta.log_listing import refresh
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.table import append, ensure_table
from lakehouse.engine.position_sql import bind_position
from lakehouse.errors import LakeNotFoundError, PositionConflictError
from lakehouse.lake import Lake
from lakehouse.series.rollups import ROLLUPS, Rollup
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot

OFFSETS_PER_COMMIT = 1_000_000
MAX_CONFLICTS = 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReport:
    """Figures of the refresh of one rollup: offsets folded in, partial sums written, commits, end position."""

    table: str
    n_offsets: int
    n_sums: int
    n_commits: int
    position: Position
    seconds: float


def refresh_rollups(lake: Lake, *, offsets_per_commit: int = OFFSETS_PER_COMMIT) -> list[RefreshReport]:
    """Bring every rollup of the served build up to its gold table. A second call right after commits nothing.

    Idempotent, and safe beside other refreshers, streams and compaction. A gold table that does not exist yet is left
    out. Raises LakeNotFoundError before the first build.
    """
    lake.current_build(refresh=True)
    reports = []
    for rollup in ROLLUPS:
        fold = partial(_refresh, lake, rollup, offsets_per_commit=offsets_per_commit)
        try:
            reports.append(lake.read(partial(lake.snapshot, rollup.gold.name), fold))
        except LakeNotFoundError:
            logger.debug("nothing to roll up yet table=%s", rollup.gold.name)
    return reports


def _refresh(lake: Lake, rollup: Rollup, snapshot: Snapshot, *, offsets_per_commit: int) -> RefreshReport:
    started = time.monotonic()
    gold = snapshot[rollup.gold.name]
    table = ensure_table(lake.catalog.table_location(rollup.table.name, snapshot.build), rollup.table)
    n_offsets = n_sums = n_commits = n_conflicts = 0
    while True:
        position = _position(table, gold)
        target = next_target(position, gold.position, offsets_per_commit=offsets_per_commit)
        if target == position:
            break
        sums = _fold(lake, rollup, gold, position, target)
        try:
            append(table, rollup.table, sums, expected=position.offsets, advanced=target.offsets)
        except PositionConflictError as error:
            n_conflicts += 1
            if n_conflicts > MAX_CONFLICTS:
                raise
            logger.info("another writer was first table=%s reason=%s", rollup.table.name, error.problem)
            refresh(table)
            continue
        n_offsets += sum(target[key] - position[key] for key in target)
        n_sums, n_commits = n_sums + sums.num_rows, n_commits + 1
    report = RefreshReport(
        table=rollup.table.name,
        n_offsets=n_offsets,
        n_sums=n_sums,
        n_commits=n_commits,
        position=position,
        seconds=time.monotonic() - started,
    )
    if n_commits:
        _log(report)
    return report


def _position(table: DeltaTable, gold: TableSnapshot) -> Position:
    return read_position(table, sorted({key.topic_id for key in gold.position}))


def next_target(position: Position, gold: Position, *, offsets_per_commit: int) -> Position:
    """Return where the next commit ends: every partition the same share further, so that it is a range of time.

    Every partition is in it, also one that stands still, so that any two commits from one position conflict, and
    that partitions are registered without gaps.
    """
    gaps = {key: max(0, gold[key] - position[key]) for key in gold}
    total = sum(gaps.values())
    if total <= offsets_per_commit:
        return Position({key: position[key] + gap for key, gap in gaps.items()})
    return Position({key: position[key] - (-gap * offsets_per_commit // total) for key, gap in gaps.items()})


def _fold(lake: Lake, rollup: Rollup, gold: TableSnapshot, position: Position, target: Position) -> pa.Table:
    """Return the partial sums of gold's rows from one position up to another."""
    schema = rollup.table.to_arrow_schema()
    lowest_offsets = gold.files.offsets[0]
    begun = lowest_offsets < max((target[key] for key in target), default=0)
    paths = gold.files.selected(lake.offsets.beyond(gold, position, begun)).paths
    if not paths:
        return schema.empty_table()
    sums = lake.session.fetch_arrow(
        rollup.fold_statement,
        paths,
        spec=gold.spec,
        width=rollup.width_us,
        **bind_position(position, "from"),
        **bind_position(target, "to"),
    )
    return sums.select(schema.names).cast(schema)


def _log(report: RefreshReport) -> None:
    logger.info(
        "refreshed table=%s offsets=%d sums=%d commits=%d seconds=%.2f position=%s",
        report.table,
        report.n_offsets,
        report.n_sums,
        report.n_commits,
        report.seconds,
        report.position.to_json(),
    )
