"""Errors of the table service.

CompactionError
├── SwapConflictError     another maintenance replaced the same files first; nothing was changed
├── RowsLostError         a rewrite would not have held the rows that it read; nothing was changed
├── LockedError           another run is at work on the lake
├── RetentionError        a retention that a reader or stream could be behind of
└── ReplayError           a quarantined message that cannot be replayed
"""

from lakehouse.errors import LakehouseError


class CompactionError(LakehouseError):
    """Root of everything that compaction raises on purpose."""


class SwapConflictError(CompactionError):
    """The files to be replaced are no longer those of the table. The next plan sees what is."""

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(f"nothing was changed in {table}: {problem}")
        self.table = table
        self.problem = problem


class RowsLostError(CompactionError):
    """What was written is not what was read. Nothing was committed."""

    def __init__(self, *, table: str, n_read: int, n_written: int) -> None:
        super().__init__(f"{table}: {n_read} rows were read and {n_written} written; nothing was committed")
        self.table = table
        self.n_read = n_read
        self.n_written = n_written


class LockedError(CompactionError):
    """Another run holds the lake's lock."""

    def __init__(self, *, holder: str) -> None:
        super().__init__(f"another run is at work: {holder}")
        self.holder = holder
