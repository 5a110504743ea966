"""History of a table, commit by commit, as its log says."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from lakehouse.delta.commit import Commit, read_commit
from lakehouse.delta.storage import LakeLocation

COMMITS_SCHEMA = pa.schema(
    [
        ("version", pa.int64()),
        ("commit_time", pa.timestamp("us", tz="UTC")),
        ("operation", pa.string()),
        ("n_rows_added", pa.int64()),
        ("n_files_added", pa.int64()),
        ("n_files_removed", pa.int64()),
        ("bytes_added", pa.int64()),
        ("changes_rows", pa.bool_()),
    ]
)
"""One commit. ``changes_rows`` is false where it only wrote the same rows anew, as compaction does."""


def read_commits(location: LakeLocation, versions: Iterable[int]) -> pa.Table:
    """Return commits in the order of ``versions``; one that was cleaned up meanwhile is left out."""
    commits = ((version, read_commit(location, version)) for version in versions)
    rows = [_to_row(version, commit) for version, commit in commits if commit is not None]
    return pa.Table.from_pylist(rows, schema=COMMITS_SCHEMA)


def _to_row(version: int, commit: Commit) -> dict[str, Any]:
    return {
        "version": version,
        "commit_time": commit.commit_time_us,
        "operation": commit.operation,
        "n_rows_added": sum(file.n_rows for file in commit.added),
        "n_files_added": len(commit.added),
        "n_files_removed": len(commit.removed),
        "bytes_added": sum(file.size_bytes for file in commit.added),
        "changes_rows": commit.changes_rows,
    }
