"""Errors of the table service.

CompactionError
├── SwapConflictError     another maintenance replaced the same files first; nothing was changed
├── RowsLostError         a rewrite would not have held the rows that it read; nothing was changed
├── UnreadableError       a file that the log names cannot be read; fsck says which
├── EngineError           Spark, as the engine of a compaction, did not start or failed
├── ReplayError           Kafka did not take a message that was to be published again
├── BackupError           a backup was not made, is damaged, or cannot go where it should; what was there stays
├── RetentionError        a retention that readers may need longer
└── ClockError            this machine's clock is ahead of the storage's
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


class UnreadableError(CompactionError):
    """A file that the log names is not what it should be. Nothing was changed."""

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(f"{table} has a file that cannot be read (fsck names all): {problem}")
        self.table = table
        self.problem = problem


class EngineError(CompactionError):
    """Another engine than our own failed. What it had committed stays."""


class ReplayError(CompactionError):
    """Kafka did not take every message. Those that it took are replayed; the replay may be repeated."""


class BackupError(CompactionError):
    """A backup that is not whole, or that would overwrite something."""


class RetentionError(CompactionError):
    """A retention that is shorter than what somebody may still be reading."""

    def __init__(self, *, hours: int, least_hours: int) -> None:
        super().__init__(
            f"a retention of {hours} h may take files from under a reader; the least is {least_hours} h (or --force)"
        )
        self.hours = hours
        self.least_hours = least_hours


class ClockError(CompactionError):
    """Ages of files cannot be trusted."""

    def __init__(self, *, ahead_seconds: float) -> None:
        super().__init__(
            f"this clock is {ahead_seconds:.0f} s ahead of the storage's: files would look older than they are"
        )
        self.ahead_seconds = ahead_seconds
