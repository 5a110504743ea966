"""Reading a table's log while others commit to it."""

from collections.abc import Callable
from typing import TypeVar

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

_Result = TypeVar("_Result")
_GAP = "Expected contiguous commit files"
_MAX_ATTEMPTS = 50
_PAUSE_SECONDS = 0.02


def is_incomplete_listing(error: BaseException) -> bool:
    """Return whether a log was refused because its listing lacks a commit in the middle.

    Listing a folder is no snapshot of it: of two commits that land meanwhile the later one may be seen alone. The
    longer the log, the likelier.
    """
    return isinstance(error, DeltaError) and _GAP in str(error)


_RETRYING = Retrying(
    retry=retry_if_exception(is_incomplete_listing),
    stop=stop_after_attempt(_MAX_ATTEMPTS),
    wait=wait_fixed(_PAUSE_SECONDS),
    reraise=True,
)


def retry_on_incomplete_listing(read: Callable[[], _Result]) -> _Result:
    """Return what reading a log gives, retried while its listing is incomplete.

    A commit that stays lost raises DeltaError.
    """
    return _RETRYING(read)


def refresh(table: DeltaTable) -> None:
    """Bring a table to its newest version."""
    retry_on_incomplete_listing(table.update_incremental)
