"""Checkpoints of Delta logs, so that opening a table and committing to it cost the same at any age."""

import json
import logging
from dataclasses import dataclass

from deltalake import DeltaTable

from compaction.lake_tables import open_tables
from compaction.retention.version_retention import assert_retention
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import POST_COMMIT_HOOKS
from lakehouse.schema.spec import RETENTION_HOURS, to_retention_properties

CHECKPOINT_AFTER_COMMITS = 20
_LAST = "_delta_log/_last_checkpoint"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointed:
    """A log that got a checkpoint at a version, ``n_commits`` after the last one, and was cleaned up."""

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
    """Checkpoint the logs that have grown by that many commits, and remove log files past the retention. Idempotent.

    The retention is set as a property of each table, so that every engine that cleans up keeps as much. Checkpoints
    hold the positions, which stay readable when the commits that set them are removed. Raises RetentionError.
    """
    assert_retention(retention_hours)
    done = []
    for spec, location, table in open_tables(lake, names):
        n_commits = table.version() - _last_checkpoint(location)
        if n_commits < after_commits:
            continue
        n_removed = 0 if dry_run else _checkpoint(table, location, retention_hours)
        checkpointed = Checkpointed(
            table=spec.name, version=table.version(), n_commits=n_commits, n_log_files_removed=n_removed
        )
        done.append(checkpointed)
        if not dry_run:
            logger.info(
                "checkpointed table=%s version=%d commits=%d log_files_removed=%d",
                checkpointed.table,
                checkpointed.version,
                checkpointed.n_commits,
                checkpointed.n_log_files_removed,
            )
    return done


def _checkpoint(table: DeltaTable, location: LakeLocation, retention_hours: int) -> int:
    _set_retention(table, retention_hours)
    table.create_checkpoint()
    n_before = len(location.names("_delta_log"))
    table.cleanup_metadata()
    return n_before - len(location.names("_delta_log"))


def _set_retention(table: DeltaTable, hours: int) -> None:
    properties, current = to_retention_properties(hours), table.metadata().configuration
    if any(current.get(name) != value for name, value in properties.items()):
        table.alter.set_table_properties(properties, post_commithook_properties=POST_COMMIT_HOOKS)


def _last_checkpoint(location: LakeLocation) -> int:
    """Return the version of the last checkpoint, -1 before the first."""
    content = location.read(_LAST)
    return int(json.loads(content)["version"]) if content else -1
