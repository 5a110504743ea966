"""Vacuum: removal of files that no version within the retention needs, and of orphans of crashes."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from deltalake import DeltaTable

from compaction.errors import ClockError, LinkError
from compaction.lake_tables import open_tables
from compaction.retention.version_retention import assert_retention
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import POST_COMMIT_HOOKS
from lakehouse.schema.spec import RETENTION_HOURS
from lakehouse.schema.tables import TABLES
from lakehouse.time_range import HOUR_US, SECOND_US

MAX_SKEW_SECONDS = 300.0
_PROBE = "_maintenance/clock"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuumed:
    """Files that were, or would be, removed from a table, or from a table of a replaced build."""

    table: str
    n_files: int
    size_bytes: int


def vacuum_lake(
    lake: LakeLocation,
    *,
    names: frozenset[str] = frozenset(),
    retention_hours: int = RETENTION_HOURS,
    dry_run: bool = True,
    is_forced: bool = False,
) -> list[Vacuumed]:
    """Remove, or in a dry run only count, the files that no version younger than the retention needs.

    Tables of builds that were replaced before the retention are removed completely. Raises RetentionError for a
    retention that is too short for readers, unless forced; ClockError where this clock is ahead of the storage's, so
    that files look older than they are; LinkError for a symbolic link in a table's folder.
    """
    assert_retention(retention_hours, is_forced=is_forced)
    _assert_clock(lake)
    results = []
    for spec, location, table in open_tables(lake, names):
        _assert_no_links(location, "")
        paths = _vacuum(table, retention_hours, dry_run=True)
        sizes = location.sizes("")
        size_bytes = sum(sizes.get(path, 0) for path in paths)
        if paths and not dry_run:
            paths = _vacuum(table, retention_hours, dry_run=False)
        if paths:
            results.append(Vacuumed(table=spec.name, n_files=len(paths), size_bytes=size_bytes))
    results += [
        _remove_folder(lake, folder, dry_run=dry_run)
        for folder in _find_replaced_folders(Catalog(lake), names, retention_hours)
    ]
    for vacuumed in results if not dry_run else ():
        logger.info(
            "vacuumed table=%s files=%d bytes=%d", vacuumed.table, vacuumed.n_files, vacuumed.size_bytes
        )
    return results


def _vacuum(table: DeltaTable, retention_hours: int, *, dry_run: bool) -> list[str]:
    return table.vacuum(
        retention_hours=retention_hours,
        dry_run=dry_run,
        enforce_retention_duration=False,
        full=True,
        post_commithook_properties=POST_COMMIT_HOOKS,
    )


def _find_replaced_folders(catalog: Catalog, names: frozenset[str], retention_hours: int) -> list[str]:
    """Return the folders of tables of builds that were replaced before the retention."""
    retained_from_us = time.time_ns() // 1_000 - retention_hours * HOUR_US
    history = catalog.build_history()
    served = set(history[-1][0].paths.values()) if history else set()
    folders = []
    for (build, _), (_, replaced_us) in pairwise(history):
        if replaced_us < retained_from_us:
            folders += [
                folder
                for name, folder in build.paths.items()
                if folder not in served and name in TABLES and (not names or name in names)
            ]
    return [folder for folder in folders if catalog.location.names(folder)]


def _remove_folder(lake: LakeLocation, folder: str, *, dry_run: bool) -> Vacuumed:
    _assert_no_links(lake, folder)
    sizes = lake.sizes(folder)
    if not dry_run:
        lake.delete(sizes)
    return Vacuumed(table=folder, n_files=len(sizes), size_bytes=sum(sizes.values()))


def _assert_no_links(location: LakeLocation, folder: str) -> None:
    """Raise LinkError for a symbolic link: listing a folder follows it, and would remove what it leads to."""
    links = location.links(folder)
    if links:
        raise LinkError(links=links)


def _assert_clock(lake: LakeLocation) -> None:
    lake.put(_PROBE, datetime.now(UTC).isoformat().encode())
    ahead_seconds = time.time() - lake.modified_us(_PROBE) / SECOND_US
    if ahead_seconds > MAX_SKEW_SECONDS:
        raise ClockError(ahead_seconds=ahead_seconds)
