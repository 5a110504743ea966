"""Replacement of files of a table, in one commit that no other commit can come between.

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
from tenacity import RetryError, Retrying, retry_if_exception, stop_after_attempt

from compaction.errors import SwapConflictError
from compaction.live_files import LiveFile
from lakehouse.delta.log_listing import is_incomplete_listing, refresh
from lakehouse.delta.retained_from import RETAINED_FROM_APP_ID
from lakehouse.delta.table import POST_COMMIT_HOOKS
from lakehouse.schema.spec import TableSpec

MAX_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Files to remove and to add. ``changes_rows`` is true only where rows leave the table, as in an expiry.

    ``retained_from_day`` (days since the epoch) is the first day that an expiry has left.
    """

    removed: Sequence[LiveFile]
    added: Sequence[AddAction] = ()
    changes_rows: bool = False
    retained_from_day: int | None = None


def commit_swap(table: DeltaTable, spec: TableSpec, swap: Swap, *, info: Mapping[str, Any]) -> int:
    """Commit a swap, with ``info`` in the commit's info, and return its version. The position stays as it was.

    Appends that land meanwhile are kept. Raises SwapConflictError, changing nothing, where another maintenance removed
    one of the files first, or where an incomplete listing hid that this swap landed. ``table`` is refreshed.
    """
    retrying = Retrying(retry=retry_if_exception(_is_overtaken), stop=stop_after_attempt(MAX_ATTEMPTS))
    try:
        retrying(_try_commit, table, spec, swap, info)
    except RetryError as error:
        problem = f"{MAX_ATTEMPTS} commits of others were faster"
        raise SwapConflictError(table=spec.name, problem=problem) from error
    refresh(table)
    return table.version()


def _try_commit(table: DeltaTable, spec: TableSpec, swap: Swap, info: Mapping[str, Any]) -> None:
    refresh(table)
    live: Any = table.get_add_actions(flatten=True)
    if gone := {file.path for file in swap.removed}.difference(live.column("path").to_pylist()):
        problem = f"{len(gone)} of its files were replaced by another"
        raise SwapConflictError(table=spec.name, problem=problem)
    day = swap.retained_from_day
    table.create_write_transaction(
        [*swap.added, *(_to_removal(spec, file, swap.changes_rows) for file in swap.removed)],
        mode="append",
        schema=spec.to_delta_schema(),
        partition_by=list(spec.partition_by),
        commit_properties=CommitProperties(
            custom_metadata=dict(info),
            max_commit_retries=0,
            app_transactions=[] if day is None else [Transaction(RETAINED_FROM_APP_ID, day)],
        ),
        post_commithook_properties=POST_COMMIT_HOOKS,
    )


def _is_overtaken(error: BaseException) -> bool:
    """Return true where another commit took the version, or was missed by the listing."""
    return isinstance(error, CommitFailedError) or (
        isinstance(error, DeltaError) and is_incomplete_listing(error)
    )


def _to_removal(spec: TableSpec, file: LiveFile, changes_rows: bool) -> RemoveAction:
    return RemoveAction(
        file.path,
        changes_rows,
        time.time_ns() // 1_000_000,
        file.size_bytes,
        dict(zip(spec.partition_by, file.partition, strict=True)),
    )
