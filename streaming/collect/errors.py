"""Errors of the collectors.

CollectError
├── SourceConfigError    the file of sources, or a profile of it, is invalid
├── StateFileError       a state file cannot be read
├── RecordingError       a folder holds no recording, or holds one already
├── PlaybackEndedError   every recorded answer of an address was played back
└── FetchError           a source gave no usable answer; worth a retry
    ├── SourceGoneError       it answered 410: never retried
    └── QuestionRefusedError  an exchange called the question itself invalid
"""

from pathlib import Path

from streaming.errors import StreamingError


class CollectError(StreamingError):
    """Root of every error of the collectors."""


class SourceConfigError(CollectError):
    """Invalid file of sources."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


class StateFileError(CollectError):
    """Unreadable state file; a silent fresh start would collect everything again."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"state file {path} cannot be read: {problem}; remove it to start over")


class RecordingError(CollectError):
    """A folder without a recording, or with one where a new one was to be written."""


class PlaybackEndedError(CollectError):
    """Every recorded answer of an address was played back."""


class FetchError(CollectError):
    """A source without a usable answer. ``retry_after_seconds`` is what its Retry-After header asks for, if any."""

    def __init__(
        self, problem: str, *, status: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        self.problem = problem
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        super().__init__(problem)


class SourceGoneError(FetchError):
    """A source that is permanently gone (410)."""


class QuestionRefusedError(FetchError):
    """A question that an exchange calls invalid, so that repeating it does not help."""
