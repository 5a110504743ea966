"""Compaction of tables: few large sorted files instead of many small ones, beside streams and readers.

Each round of rewrite tasks is planned on the current table, so that the next run goes on where one was cut off.
"""

import logging
import time
from dataclasses import dataclass, field
from functools import partial

from deltalake import DeltaTable

from compaction.errors import SwapConflictError
from compaction.lake_tables import open_tables
from compaction.live_files import read_live_files
from compaction.rewriting.budget import Budget
from compaction.rewriting.plan import RewriteTask, plan_table
from compaction.rewriting.rewrite import Rewritten, rewrite
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import FileGoneError
from lakehouse.schema.spec import TableSpec

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class CompactReport:
    """Result of a compaction; ``is_cut_off`` where its budget ended before its plan."""

    rewritten: list[Rewritten] = field(default_factory=list)
    n_conflicts: int = 0
    is_cut_off: bool = False


def plan_lake(
    lake: LakeLocation,
    *,
    names: frozenset[str] = frozenset(),
    now_us: int | None = None,
    wait_for_late_rows: bool = True,
) -> list[RewriteTask]:
    """Return the first tasks of each table, of all where none is named; others follow from their results."""
    return [
        task
        for spec, _, table in open_tables(lake, names)
        for task in plan_now(spec, table, now_us=now_us, wait_for_late_rows=wait_for_late_rows)
    ]


def plan_now(
    spec: TableSpec, table: DeltaTable, *, now_us: int | None = None, wait_for_late_rows: bool = True
) -> list[RewriteTask]:
    """Return the tasks of an open table, as of now where no instant is given."""
    now_us = time.time_ns() // 1_000 if now_us is None else now_us
    return plan_table(
        spec, read_live_files(table, spec), now_us=now_us, wait_for_late_rows=wait_for_late_rows
    )


def compact_lake(
    lake: LakeLocation,
    *,
    names: frozenset[str] = frozenset(),
    now_us: int | None = None,
    wait_for_late_rows: bool = True,
    budget: Budget | None = None,
) -> CompactReport:
    """Compact every table of the served build that needs it. Idempotent.

    Safe beside streams, refreshes, readers and other compactions. Raises LakeNotFoundError before the first build.
    """
    report, budget = CompactReport(), budget or Budget()
    for spec, location, table in open_tables(lake, names):
        plan = partial(plan_now, spec, table, now_us=now_us, wait_for_late_rows=wait_for_late_rows)
        try:
            while tasks := plan():
                for task in tasks:
                    if budget.is_spent:
                        report.is_cut_off = True
                        return report
                    report.rewritten.append(rewrite(table, location, spec, task))
                    budget.spend(task.size_bytes)
        except (SwapConflictError, FileGoneError) as error:
            report.n_conflicts += 1
            logger.warning("compaction left to the next run table=%s reason=%s", spec.name, error)
    return report
