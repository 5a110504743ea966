"""Checkpoints of the log, so that opening a table and committing to it cost the same however long it has lived."""

import json
import logging
from dataclasses import dataclass

from deltalake import DeltaTable

from compaction.lake_tables import open_tables
from compaction.version_retention import assert_retention
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import POST_COMMIT_HOOKS
from lakehouse.schema.spec import RETENTION_HOURS, to_retention_properties

CHECKPOINT_AFTER_COMMITS = 20
_LAST = "_delta_log/_last_checkpoint"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointed:
    """A table whose log got a checkpoint at a version, ``n_commits`` after the one before, and was cleaned up."""

    table: str
    version: int
    n_commits: int
    n_log_files_removed: int


def checkpoint_lake(
    lake: LakeLocation,
    *,
    names: frozenset[str] = frozenset(),
    after_commits: int = CHECKPOINT_AFTER_COMMITS,
    retention_hours: int = RETENTION_HOURS,
    dry_run: bool = False,
) -> list[Checkpointed]:
    """Checkpoints the tables whose logs have grown by that many commits, and drops log files past the retention.

    A table is told its retention where it has another, so that every engine that cleans up keeps as much. Positions are
    in every checkpoint, so that they outlive the commits that moved them. A second call right after does nothing.
    Raises RetentionError for a retention that a reader may need longer.
    """
    assert_retention(retention_hours)
    done = []
    for spec, location, table in open_tables(lake, names):
        n_commits = table.version() - _last_checkpoint(location)
        if n_commits < after_commits:
            continue
        n_removed = 0 if dry_run else _checkpoint(table, location, retention_hours)
        found = Checkpointed(
            table=spec.name,
            version=table.version(),
            n_commits=n_commits,
            n_log_files_removed=n_removed,
        )
        done.append(found)
        if not dry_run:
            logger.info(
                "checkpointed table=%s version=%d commits=%d log_files_removed=%d",
                found.table,
                found.version,
                found.n_commits,
                found.n_log_files_removed,
            )
    return done


def _checkpoint(table: DeltaTable, location: LakeLocation, retention_hours: int) -> int:
    _tell_retention(table, retention_hours)
    table.create_checkpoint()
    n_before = len(location.names("_delta_log"))
    table.cleanup_metadata()
    return n_before - len(location.names("_delta_log"))


def _tell_retention(table: DeltaTable, hours: int) -> None:
    wanted, told = to_retention_properties(hours), table.metadata().configuration
    if any(told.get(name) != value for name, value in wanted.items()):
        table.alter.set_table_properties(wanted, post_commithook_properties=POST_COMMIT_HOOKS)


def _last_checkpoint(location: LakeLocation) -> int:
    """The version of the last checkpoint; -1 before the first."""
    found = location.read(_LAST)
    return int(json.loads(found)["version"]) if found else -1
