"""The horizon of a table: the first day that its retention has left, kept in its log beside the position.

Like a position it is a ``txn`` action of the very commit that removes the rows, so that readers, log clean-up and
both engines see it as they see a position.
"""

import json
from typing import Protocol

from lakehouse.time_range import DAY_US

RETAINED_FROM_APP_ID = "horizon"
_LOGGED = b'"horizon"'


class _TransactionReader(Protocol):
    def transaction_version(self, app_id: str) -> int | None: ...


def read_retained_from(table: _TransactionReader) -> int | None:
    """The first instant (epoch microseconds) that retention has left; None where nothing was ever expired."""
    day = table.transaction_version(RETAINED_FROM_APP_ID)
    return None if day is None else day * DAY_US


def committed_retained_from(commit: bytes) -> int | None:
    """The horizon that one commit of a Delta log moves a table to; None where it moves none.

    >>> committed_retained_from(b'{"txn": {"appId": "horizon", "version": 2}}')
    172800000000
    """
    for line in commit.splitlines():
        if _LOGGED not in line:
            continue
        transaction = json.loads(line).get("txn")
        if transaction is not None and transaction["appId"] == RETAINED_FROM_APP_ID:
            return int(transaction["version"]) * DAY_US
    return None
