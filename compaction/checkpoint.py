"""Checkpoints of the log, so that opening a table and committing to it cost the same however long it has lived."""

import json
import logging
from dataclasses import dataclass

from deltalake import DeltaTable

from compaction.lake_tables import open_tables
from lakehouse.storage import LakeLocation

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
    dry_run: bool = False,
) -> list[Checkpointed]:
    """Checkpoints the tables whose logs have grown by that many commits, and drops log files past their retention.

    Positions are in every checkpoint, so that they outlive the commits that moved them. A second call right after
    does nothing.
    """
    done = []
    for spec, location, table in open_tables(lake, names):
        n_commits = table.version() - _last_checkpoint(location)
        if n_commits < after_commits:
            continue
        n_removed = 0 if dry_run else _checkpoint(table, location)
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


def _checkpoint(table: DeltaTable, location: LakeLocation) -> int:
    table.create_checkpoint()
    n_before = len(location.names("_delta_log"))
    table.cleanup_metadata()
    return n_before - len(location.names("_delta_log"))


def _last_checkpoint(location: LakeLocation) -> int:
    """The version of the last checkpoint; -1 before the first."""
    found = location.read(_LAST)
    return int(json.loads(found)["version"]) if found else -1
