"""The errors of the collectors.

CollectError
├── SourceConfigError    the file of sources, or a profile of it, is not as it must be
├── StateFileError       a state file is none that this code wrote
├── RecordingError       a folder holds no recording
├── ReplayEndedError     everything recorded for an address was replayed
└── FetchError           a source gave nothing usable this time; worth trying again
    └── SourceGoneError  it said 410: never again
"""

from pathlib import Path

from streaming.errors import StreamingError


class CollectError(StreamingError):
    """Root of every error of the collectors."""


class SourceConfigError(CollectError):
    """The file of sources is not as it must be."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


class StateFileError(CollectError):
    """A state file cannot be read; starting over silently would collect everything again."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"state file {path} cannot be read: {problem}; remove it to start over")


class RecordingError(CollectError):
    """A folder holds no recording, or one is there already."""


class ReplayEndedError(CollectError):
    """Everything that was recorded for an address was replayed."""


class FetchError(CollectError):
    """A source gave nothing usable. ``retry_after_seconds`` is its own wish, where it has one."""

    def __init__(
        self, problem: str, *, status: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        self.problem = problem
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        super().__init__(problem)


class SourceGoneError(FetchError):
    """The source is gone for good (410)."""
