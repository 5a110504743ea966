"""Buckets in which nothing happened, filled in so that a curve has a point for every bucket. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.history.query import HistoryQuery, Row
from lakehouse.series.buckets import BUCKET_WIDTHS_US, NULLS, PREVIOUS, bucket_start

# A gap in these goes from the first column of the bucket before it to the second of the bucket after it.
_ENDS: Mapping[str, tuple[str, str]] = {
    "mean": ("mean", "mean"),
    "min": ("min", "min"),
    "max": ("max", "max"),
    "open": ("close", "open"),
    "high": ("close", "open"),
    "low": ("close", "open"),
    "close": ("close", "open"),
}
_COUNTS = frozenset({"count", "positive", "negative", "origins"})


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The observed buckets nearest to a stretch of them: before and after it, where the range has any."""

    before: Row | None = None
    after: Row | None = None


@dataclass(frozen=True, slots=True)
class FilledPage:
    """A page with a row for every bucket, ascending, and the oldest observed bucket from it on, if any."""

    rows: list[Row]
    more: bool
    oldest_observed: Row | None


def fill_page(query: HistoryQuery, found: Sequence[Row]) -> FilledPage:
    """The newest ``limit`` buckets before the cursor, filled; ``found`` are the observed ones, newest first.

    A page is the same whatever the limit of those before it: the cursor holds the observed bucket after it.
    """
    width_us = BUCKET_WIDTHS_US[query.interval]
    first_us = bucket_start(query.time_range.start_us, width_us)
    if query.cursor is not None:
        end_us, after = query.cursor.last_key[0], query.cursor.observed_after
    else:
        newest_us = bucket_start(min(query.time_range.end_us - 1, query.as_of_us), width_us)
        end_us, after = max(newest_us, found[0][0] if found else newest_us) + width_us, None
    start_us = max(first_us, end_us - query.limit * width_us)
    observed = [row for row in reversed(found) if row[0] >= start_us]
    rows = fill_buckets(
        query.series.bucket_columns,
        observed,
        starts_us=range(start_us, end_us, width_us),
        filling=query.filling,
        neighbours=Neighbours(next((row for row in found if row[0] < start_us), None), after),
    )
    return FilledPage(rows, start_us > first_us, observed[0] if observed else after)


def fill_buckets(
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    starts_us: Iterable[int],
    filling: str,
    neighbours: Neighbours,
) -> list[Row]:
    """One row for each start, ascending, each ending in whether it was filled.

    What was counted in a filled bucket is 0, what was summed is null, and its values are null or go on from the
    bucket before (``precedent``) or on a line to the bucket after (``lineaire``). Nothing is carried past either
    end of what was observed, but ``precedent`` goes on after the last. A sentiment's values are each their own
    line; a candle's go from the close before to the open after.
    """
    observed = {row[0]: row for row in rows}
    following = _following(rows, neighbours.after)
    before, upcoming = neighbours.before, next(following, None)
    filled: list[Row] = []
    for start_us in starts_us:
        found = observed.get(start_us)
        if found is not None:
            before, upcoming = found, next(following, None)
            filled.append((*found, False))
            continue
        filled.append((*_fill(columns, start_us, filling, before, upcoming), True))
    return filled


def _following(rows: Sequence[Row], after: Row | None) -> Iterator[Row]:
    yield from rows
    if after is not None:
        yield after


def _fill(columns: Sequence[str], start_us: int, filling: str, before: Row | None, after: Row | None) -> Row:
    def value(name: str) -> float | None:
        if name not in _ENDS or before is None or filling == NULLS:
            return None
        left_name, right_name = _ENDS[name]
        left: float = before[columns.index(left_name)]
        if filling == PREVIOUS:
            return left
        if after is None:
            return None
        right: float = after[columns.index(right_name)]
        share = (start_us - before[0]) / (after[0] - before[0])
        between: float = left * (1 - share) + right * share
        return between

    return (start_us, *(0 if name in _COUNTS else value(name) for name in columns[1:]))
