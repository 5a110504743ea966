"""The earliest day that a table still retains, kept in its log beside the position.

It is a ``txn`` action of the commit that removes the rows, so that readers, log clean-up and both engines see it as
they see a position.
"""

from typing import Protocol

from lakehouse.time_range import DAY_US

# The name in the log; bronze of an older layout, which a rebuild reads, has it as well.
RETAINED_FROM_APP_ID = "horizon"


class _TransactionReader(Protocol):
    def transaction_version(self, app_id: str) -> int | None: ...


def read_retained_from(table: _TransactionReader) -> int | None:
    """Return the first instant (epoch microseconds) that retention has left; None where nothing was expired."""
    day = table.transaction_version(RETAINED_FROM_APP_ID)
    return None if day is None else day * DAY_US
