"""Looks at a table's log while others commit to it."""

import time
from collections.abc import Callable
from typing import TypeVar

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

_Found = TypeVar("_Found")
_GAP = "Expected contiguous commit files"
_N_LOOKS = 50
_PAUSE_SECONDS = 0.02


def is_incomplete_listing(error: DeltaError) -> bool:
    """Whether a log was refused because a commit in its middle was not seen.

    Listing a folder is no snapshot of it: of two commits that land meanwhile the later one may be seen alone. The
    longer the log, the likelier.
    """
    return _GAP in str(error)


def retry_on_incomplete_listing(look: Callable[[], _Found]) -> _Found:
    """What a look at a log finds, made again while its listing is torn. A commit that stays lost raises DeltaError."""
    for _ in range(_N_LOOKS - 1):
        try:
            return look()
        except DeltaError as error:
            if not is_incomplete_listing(error):
                raise
            time.sleep(_PAUSE_SECONDS)
    return look()


def refresh(table: DeltaTable) -> None:
    """Brings a table to its newest version."""
    retry_on_incomplete_listing(table.update_incremental)
