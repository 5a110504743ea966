"""Files against the log: what is named and not there, there and not named, or not what the log says of it."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from compaction.finding import Check, Finding
from compaction.live_files import LiveFile
from compaction.version_retention import LEAST_RETENTION_HOURS
from lakehouse.delta.storage import LakeLocation
from lakehouse.schema.spec import TableSpec
from lakehouse.time_range import HOUR_US

_LOG = "_delta_log"


@dataclass(frozen=True, slots=True)
class CheckedFiles:
    """What was found, and the files whose rows can be read."""

    findings: list[Finding]
    readable: list[LiveFile]


def check_files(
    spec: TableSpec, location: LakeLocation, live: Iterable[LiveFile], *, is_deep: bool
) -> CheckedFiles:
    """Every live file's footer, or in a deep check every page of it; and every file that nobody named.

    A file younger than a commit may take is not an orphan yet.
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
    youngest_us = time.time_ns() // 1_000 - LEAST_RETENTION_HOURS * HOUR_US
    for path in sorted(set(sizes) - named):
        if not path.startswith(_LOG) and location.modified_us(path) < youngest_us:
            broken.setdefault("orphan", []).append(path)
    findings = [
        Finding(check=check, table=spec.name, n=len(paths), detail=f"first: {paths[0]}")
        for check, paths in broken.items()
    ]
    return CheckedFiles(findings, readable)


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
    """Files that a commit in the log added or removed: some version needs them, or vacuum takes them in time."""
    for name in location.names(_LOG):
        if not name.endswith(".json"):
            continue
        for line in (location.read(name) or b"").splitlines():
            action = json.loads(line)
            entry = action.get("add") or action.get("remove")
            if entry:
                yield unquote(entry["path"])
