"""Replacing files of a table by others with the same rows, in one commit that no other commit can fall in between.

delta-rs checks removals of its own operations, not those of a custom transaction: two that remove one file were both
seen to succeed. So a swap is a compare-and-set on the table's version: without retries a commit lands as the very next
version or not at all, and before each attempt every file to be removed must still be there.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from compaction.errors import SwapConflictError
from compaction.live_files import LiveFile
from lakehouse.delta.log_listing import is_incomplete_listing, refresh
from lakehouse.delta.retained_from import RETAINED_FROM_APP_ID
from lakehouse.delta.table import POST_COMMIT_HOOKS
from lakehouse.schema.spec import TableSpec

MAX_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Files out, files in. ``changes_rows`` is true only where rows leave the table, as in an expiry.

    ``horizon_day`` (days since the epoch) is the first that an expiry has left.
    """

    removed: Sequence[LiveFile]
    added: Sequence[AddAction] = ()
    changes_rows: bool = False
    horizon_day: int | None = None


def commit_swap(table: DeltaTable, spec: TableSpec, swap: Swap, *, noted: Mapping[str, Any]) -> int:
    """Commits a swap and returns its version; ``noted`` goes into the commit's info. The position stays as it was.

    Appends that land meanwhile are let by. Raises SwapConflictError, changing nothing, where another maintenance
    removed one of the files first, or where a torn listing hid that this swap landed. ``table`` is brought to the new
    version.
    """
    actions: list[AddAction | RemoveAction] = [
        *swap.added,
        *(_to_removal(spec, file, swap.changes_rows) for file in swap.removed),
    ]
    horizon = [] if swap.horizon_day is None else [Transaction(RETAINED_FROM_APP_ID, swap.horizon_day)]
    wanted = {file.path for file in swap.removed}
    for _ in range(MAX_ATTEMPTS):
        refresh(table)
        if gone := wanted - set(_live_paths(table)):
            raise SwapConflictError(
                table=spec.name, problem=f"{len(gone)} of its files were replaced by another"
            )
        try:
            table.create_write_transaction(
                actions,
                mode="append",
                schema=spec.to_delta_schema(),
                partition_by=list(spec.partition_by),
                commit_properties=CommitProperties(
                    custom_metadata=dict(noted), max_commit_retries=0, app_transactions=horizon
                ),
                post_commithook_properties=POST_COMMIT_HOOKS,
            )
        except CommitFailedError:
            continue
        except DeltaError as error:
            if not is_incomplete_listing(error):
                raise
            continue
        refresh(table)
        return table.version()
    raise SwapConflictError(table=spec.name, problem=f"{MAX_ATTEMPTS} commits of others were quicker")


def _live_paths(table: DeltaTable) -> list[str]:
    actions: Any = table.get_add_actions(flatten=True)
    return [str(path) for path in actions.column("path").to_pylist()]


def _to_removal(spec: TableSpec, file: LiveFile, changes_rows: bool) -> RemoveAction:
    return RemoveAction(
        file.path,
        changes_rows,
        time.time_ns() // 1_000_000,
        file.size_bytes,
        dict(zip(spec.partition_by, file.partition, strict=True)),
    )
