"""Least time for which old versions stay readable."""

from compaction.errors import RetentionError

LEAST_RETENTION_HOURS = 2
"""A reader may use a version for this long. The API's longest statement takes 150 s, and its streams go on with a newer
version; rollups, scores and cursors read the newest version by position; that leaves notebooks and streams of others.
A writer's file is not in the log before its commit, which may take as long."""


def assert_retention(hours: int, *, is_forced: bool = False) -> None:
    """Raise RetentionError for a retention that is too short for readers, unless it is forced."""
    if hours < LEAST_RETENTION_HOURS and not is_forced:
        raise RetentionError(hours=hours, least_hours=LEAST_RETENTION_HOURS)
