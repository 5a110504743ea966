"""How short a time old versions may stay readable."""

from compaction.errors import RetentionError

LEAST_RETENTION_HOURS = 2
"""Who reads a version may take this long. The API's longest statement takes 150 s, its streams go on with a newer
version; rollups, scores and cursors go by position and always read the newest one; what is left are notebooks and
streams of others. A writer's file is not in the log before its commit, which may take as long."""


def assert_retention(hours: int, *, is_forced: bool = False) -> None:
    """Raises RetentionError for a length that a reader may need longer, unless forced."""
    if hours < LEAST_RETENTION_HOURS and not is_forced:
        raise RetentionError(hours=hours, least_hours=LEAST_RETENTION_HOURS)
