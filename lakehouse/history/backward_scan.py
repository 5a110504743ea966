"""The newest rows of a long range without reading all of it: back in time through ever more files."""

from collections.abc import Callable

from lakehouse.history.query import Row
from lakehouse.time_range import TimeRange

# Up to this many rows in the selected files, one scan of all is quicker than walking back through them.
ROWS_OF_ONE_SCAN = 300_000
_FIRST_WALK_SHARE = 64
_WALK_FACTOR = 4


def scan_backwards(
    time_range: TimeRange,
    *,
    n_wanted: int,
    step_us: int,
    count: Callable[[TimeRange], int],
    fetch: Callable[[TimeRange], list[Row]],
) -> list[Row]:
    """The newest ``n_wanted`` rows of a range, newest first: from all of it where few, else from ever more of it.

    ``count`` bounds the rows to scan for a stretch, ``fetch`` gives at most ``n_wanted`` of them. Stretches start at
    multiples of ``step_us``, the width of a bucket.
    """
    start_us, end_us = time_range.start_us, time_range.end_us
    if end_us <= start_us:
        return []
    span_us = max(n_wanted * step_us, time_range.span_us // _FIRST_WALK_SHARE)
    if count(time_range) <= ROWS_OF_ONE_SCAN:
        span_us = time_range.span_us
    while True:
        from_us = max(start_us, (end_us - span_us) // step_us * step_us)
        rows = fetch(TimeRange(from_us, end_us))
        if len(rows) >= n_wanted or from_us == start_us:
            return rows
        span_us *= _WALK_FACTOR
