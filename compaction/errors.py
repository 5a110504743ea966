"""Errors of the table service.

CompactionError
├── SwapConflictError     another maintenance replaced the same files first; nothing is changed
├── RowsLostError         a rewrite has other rows than it read; nothing is changed
├── UnreadableError       a file that the log names cannot be read; fsck names it
├── EngineError           Spark, as the engine of a compaction, did not start or failed
├── ReplayError           Kafka did not acknowledge a replayed message
├── BackupError           a backup was not made, is damaged, or cannot be restored; existing files stay
├── RetentionError        a retention is too short for readers
├── LinkError             a folder has a symbolic link, through which files outside of it would be removed
└── ClockError            this machine's clock is ahead of the storage's
"""

from collections.abc import Sequence

from lakehouse.errors import LakehouseError


class CompactionError(LakehouseError):
    """Root of the errors of the table service."""


class SwapConflictError(CompactionError):
    """The files to be replaced are no longer files of the table. The next plan starts from the current ones."""

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(f"nothing was changed in {table}: {problem}")
        self.table = table
        self.problem = problem


class RowsLostError(CompactionError):
    """The rows that were written are not the rows that were read. Nothing is committed."""

    def __init__(self, *, table: str, n_read: int, n_written: int) -> None:
        super().__init__(f"{table}: {n_read} rows were read and {n_written} written; nothing was committed")
        self.table = table
        self.n_read = n_read
        self.n_written = n_written


class UnreadableError(CompactionError):
    """A file that the log names is damaged. Nothing is changed."""

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(f"{table} has a file that cannot be read (fsck names all): {problem}")
        self.table = table
        self.problem = problem


class EngineError(CompactionError):
    """Spark failed as the engine of a compaction. Its commits stay."""


class ReplayError(CompactionError):
    """Kafka did not acknowledge every message. The others are replayed; the replay may be repeated."""


class BackupError(CompactionError):
    """A backup that is incomplete, or that would overwrite something."""


class RetentionError(CompactionError):
    """A retention that is shorter than readers may need."""

    def __init__(self, *, hours: int, least_hours: int) -> None:
        super().__init__(
            f"a retention of {hours} h may take files from under a reader; the least is {least_hours} h (or --force)"
        )
        self.hours = hours
        self.least_hours = least_hours


class ClockError(CompactionError):
    """The clock makes files look older than they are."""

    def __init__(self, *, ahead_seconds: float) -> None:
        super().__init__(
            f"this clock is {ahead_seconds:.0f} s ahead of the storage's: files would look older than they are"
        )
        self.ahead_seconds = ahead_seconds


class LinkError(CompactionError):
    """A folder has symbolic links, which lead to files that are not the lake's. Nothing is removed."""

    def __init__(self, *, links: Sequence[str]) -> None:
        more = f" and {len(links) - 1} more" if len(links) > 1 else ""
        super().__init__(
            f"{links[0]}{more} is a symbolic link, and vacuum follows none: move it out of the lake"
        )
        self.links = links
