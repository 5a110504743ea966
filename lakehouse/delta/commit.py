"""What one commit of a Delta log adds and removes, read without an engine: so a reader follows a stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ONLY_FILES = frozenset({"add", "remove", "txn", "commitInfo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFile:
    """One file as the log describes it; ``lowest`` and ``highest`` are its statistics, by column."""

    path: str
    size_bytes: int
    n_rows: int
    partition_values: Mapping[str, str | None]
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileChanges:
    """The files that one commit adds, and the paths of those that it removes."""

    added: tuple[AddedFile, ...]
    removed: frozenset[str]


def parse_file_changes(commit: bytes) -> FileChanges | None:
    """The files of a commit; None where it changes more than files, or describes one in less than the usual way."""
    added, removed = [], set()
    for line in commit.splitlines():
        ((name, action),) = json.loads(line).items()
        if name not in _ONLY_FILES:
            return None
        if name == "remove":
            removed.add(action["path"])
        elif name == "add":
            file = _to_file(action)
            if file is None:
                return None
            added.append(file)
    if any("%" in path for path in removed):
        return None
    return FileChanges(tuple(added), frozenset(removed))


def _to_file(action: Mapping[str, Any]) -> AddedFile | None:
    stats = json.loads(action.get("stats") or "{}")
    # A log percent-encodes paths; an engine knows best what a name with a "%" stands for.
    if "numRecords" not in stats or action.get("deletionVector") or "%" in action["path"]:
        return None
    return AddedFile(
        path=action["path"],
        size_bytes=action["size"],
        n_rows=stats["numRecords"],
        partition_values=action["partitionValues"],
        lowest=stats.get("minValues", {}),
        highest=stats.get("maxValues", {}),
    )
