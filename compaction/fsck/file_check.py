"""Check of files against the log: missing, orphaned, unreadable, or of another size or row count."""

import json
import time
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from compaction.fsck.issue import Check, Issue
from compaction.live_files import LiveFile
from compaction.retention.version_retention import LEAST_RETENTION_HOURS
from lakehouse.delta.storage import LakeLocation
from lakehouse.schema.spec import TableSpec
from lakehouse.time_range import HOUR_US

_LOG = "_delta_log"


def check_files(
    spec: TableSpec, location: LakeLocation, live: Iterable[LiveFile], *, is_deep: bool
) -> tuple[list[Issue], list[LiveFile]]:
    """Check the footer of every live file, in a deep check every page; find the files that no commit names.

    Returns the issues, and the files whose rows can be read. A file of a commit that still runs is no orphan yet.
    """
    broken: dict[Check, list[str]] = {}
    readable = []
    sizes = location.sizes("")
    for file in live:
        problem = _problem(location, file, sizes, is_deep=is_deep)
        if problem is None or problem == "other row count":
            readable.append(file)
        if problem is not None:
            broken.setdefault(problem, []).append(file.path)
    named = {unquote(file.path) for file in live} | set(_named_in_log(location))
    orphaned_before_us = time.time_ns() // 1_000 - LEAST_RETENTION_HOURS * HOUR_US
    for path in sorted(set(sizes) - named):
        if not path.startswith(_LOG) and location.modified_us(path) < orphaned_before_us:
            broken.setdefault("orphan", []).append(path)
    issues = [
        Issue(check=check, table=spec.name, n=len(paths), detail=f"first: {paths[0]}")
        for check, paths in broken.items()
    ]
    return issues, readable


def _problem(location: LakeLocation, file: LiveFile, sizes: dict[str, int], *, is_deep: bool) -> Check | None:
    path = unquote(file.path)
    if path not in sizes:
        return "missing file"
    if sizes[path] != file.size_bytes:
        return "unreadable file"
    try:
        with pq.ParquetFile(location.open_file(file.path)) as parquet:
            n_rows = parquet.metadata.num_rows
            for group in range(parquet.num_row_groups) if is_deep else ():
                parquet.read_row_group(group)
    except (pa.ArrowException, OSError):
        return "unreadable file"
    return None if n_rows == file.n_rows else "other row count"


def _named_in_log(location: LakeLocation) -> Iterator[str]:
    """Yield the files that a commit of the log added or removed: a version needs them, or vacuum removes them later."""
    for name in location.names(_LOG):
        if not name.endswith(".json"):
            continue
        for line in (location.read(name) or b"").splitlines():
            action = json.loads(line)
            entry = action.get("add") or action.get("remove")
            if entry:
                yield unquote(entry["path"])
