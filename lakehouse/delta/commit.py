"""One commit of a Delta log as a value: its files, position, retention, time and operation, read without an engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.delta.position import TopicPartition, parse_app_id
from lakehouse.delta.retained_from import RETAINED_FROM_APP_ID
from lakehouse.delta.storage import LakeLocation
from lakehouse.time_range import DAY_US

LOG = "_delta_log"
_FOLLOWED_ACTIONS = frozenset({"add", "remove", "txn", "commitInfo"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFile:
    """One file as the log describes it; ``lowest`` and ``highest`` are its statistics, by column."""

    path: str
    size_bytes: int
    n_rows: int
    partition_values: Mapping[str, str | None]
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit. ``removed`` are paths of files, ``offsets`` is what it moves the table's position to.

    ``retained_from_us`` is None where it expires no rows. ``changes_rows`` is false where it writes the same rows
    anew, as compaction does. ``is_plain`` is false where it changes more than files, or describes one of them in
    another way than usual: then an engine has to read it.
    """

    added: tuple[AddedFile, ...]
    removed: frozenset[str]
    offsets: Mapping[TopicPartition, int]
    retained_from_us: int | None
    commit_time_us: int | None
    operation: str | None
    changes_rows: bool
    is_plain: bool


def parse_commit(content: bytes) -> Commit:
    """Return a commit from the content of its file. Raises ValueError for what is no commit.

    >>> parse_commit(b'{"txn": {"appId": "position:Zk3:0", "version": 9}}').offsets
    {TopicPartition(topic_id='Zk3', partition=0): 9}
    """
    actions: dict[str, list[Any]] = {}
    try:
        for line in content.splitlines():
            ((name, action),) = json.loads(line).items()
            actions.setdefault(name, []).append(action)
        return _to_commit(actions)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no commit of a Delta log: {error}") from error


def read_commit(location: LakeLocation, version: int) -> Commit | None:
    """Return the commit of a version of a table; None where it is not in the log (any more)."""
    content = location.read(commit_name(version))
    return None if content is None else parse_commit(content)


def commit_name(version: int) -> str:
    """Return the name of a commit's file below its table."""
    return f"{LOG}/{version:020d}.json"


def _to_commit(actions: Mapping[str, list[Any]]) -> Commit:
    added, removed = actions.get("add", []), actions.get("remove", [])
    stats = [json.loads(action.get("stats") or "{}") for action in added]
    transactions = {action["appId"]: int(action["version"]) for action in actions.get("txn", ())}
    offsets = {parse_app_id(app_id): offset for app_id, offset in transactions.items()}
    retained_from_day = transactions.get(RETAINED_FROM_APP_ID)
    info: Mapping[str, Any] = next(iter(actions.get("commitInfo", ())), {})
    commit_time_ms = info.get("timestamp")
    return Commit(
        added=tuple(_to_file(action, of_file) for action, of_file in zip(added, stats, strict=True)),
        removed=frozenset(action["path"] for action in removed),
        offsets={key: offset for key, offset in offsets.items() if key is not None},
        retained_from_us=None if retained_from_day is None else retained_from_day * DAY_US,
        commit_time_us=None if commit_time_ms is None else int(commit_time_ms) * 1_000,
        operation=info.get("operation"),
        changes_rows=any(action.get("dataChange", True) for action in (*added, *removed)),
        is_plain=actions.keys() <= _FOLLOWED_ACTIONS
        and all("numRecords" in of_file for of_file in stats)
        and not any(action.get("deletionVector") for action in added)
        # A log percent-encodes paths; only an engine decodes a name with a "%".
        and not any("%" in action["path"] for action in (*added, *removed)),
    )


def _to_file(action: Mapping[str, Any], stats: Mapping[str, Any]) -> AddedFile:
    return AddedFile(
        path=action["path"],
        size_bytes=action["size"],
        n_rows=stats.get("numRecords", 0),
        partition_values=action["partitionValues"],
        lowest=stats.get("minValues", {}),
        highest=stats.get("maxValues", {}),
    )
