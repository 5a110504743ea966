"""What happened to a table, commit by commit, as its log says."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

from lakehouse.delta.storage import LakeLocation
from lakehouse.snapshots.pinned import commit_name, to_commit_time_us

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


@dataclass(slots=True)
class _Commit:
    version: int
    commit_time: int | None
    operation: str | None = None
    n_rows_added: int = 0
    n_files_added: int = 0
    n_files_removed: int = 0
    bytes_added: int = 0
    changes_rows: bool = False


def read_commits(location: LakeLocation, versions: Iterable[int]) -> pa.Table:
    """Commits in the order of ``versions``; one that was cleaned up meanwhile is left out."""
    contents = ((version, location.read(commit_name(version))) for version in versions)
    commits = [_to_commit(version, content) for version, content in contents if content is not None]
    return pa.Table.from_pylist([asdict(commit) for commit in commits], schema=COMMITS_SCHEMA)


def _to_commit(version: int, content: bytes) -> _Commit:
    commit = _Commit(version, to_commit_time_us(content))
    for line in content.splitlines():
        action = json.loads(line)
        if "commitInfo" in action:
            commit.operation = action["commitInfo"].get("operation")
        elif "add" in action:
            added = action["add"]
            commit.n_files_added += 1
            commit.bytes_added += added["size"]
            commit.changes_rows |= added["dataChange"]
            commit.n_rows_added += json.loads(added.get("stats") or "{}").get("numRecords", 0)
        elif "remove" in action:
            commit.n_files_removed += 1
            commit.changes_rows |= action["remove"]["dataChange"]
    return commit
