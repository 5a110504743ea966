"""Buckets without events, filled in so that a curve has a point for every bucket. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.history.query import HistoryQuery, Row
from lakehouse.series.aggregates import PRICE_FIGURES, SENTIMENT_FIGURES, Aggregate
from lakehouse.series.buckets import Filling
from lakehouse.time_range import TimeRange

_AGGREGATES: Mapping[str, Aggregate] = {
    each.name: each for figures in (SENTIMENT_FIGURES, PRICE_FIGURES) for each in figures.aggregates
}


IsOneMarket = Callable[[int, int], bool]
"""Returns whether the buckets of two starts are of one market of one asset."""


def always_one_market(_one_us: int, _other_us: int) -> bool:
    """Return that they are: so in a series without markets."""
    return True


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The observed buckets nearest to a page: before and after it, where the range has any."""

    before: Row | None = None
    after: Row | None = None


@dataclass(frozen=True, slots=True)
class FilledPage:
    """A page with a row for every bucket, ascending, and the oldest observed bucket from it on, if any."""

    rows: list[Row]
    more: bool
    oldest_observed: Row | None


def fill_page(
    query: HistoryQuery, newest: Sequence[Row], *, is_one_market: IsOneMarket = always_one_market
) -> FilledPage:
    """Return the newest ``limit`` buckets before the cursor, filled; the observed ones are given newest first.

    A page is the same whatever the limit of those before it: the cursor holds the observed bucket after it.
    """
    grid = query.grid
    first_us = grid.start(query.time_range.start_us)
    if query.cursor is not None:
        end_us, after = query.cursor.last_key[0], query.cursor.observed_after
    else:
        newest_us = grid.start(min(query.time_range.end_us - 1, query.as_of_us))
        end_us, after = grid.end(max(newest_us, newest[0][0] if newest else newest_us)), None
    start_us = max(first_us, grid.back(end_us, query.limit))
    observed = [row for row in reversed(newest) if row[0] >= start_us]
    rows = fill_buckets(
        query.series.bucket_columns,
        observed,
        starts_us=grid.starts(TimeRange(min(start_us, end_us), end_us)),
        filling=query.filling,
        neighbours=Neighbours(next((row for row in newest if row[0] < start_us), None), after),
        is_one_market=is_one_market,
    )
    return FilledPage(rows, start_us > first_us, observed[0] if observed else after)


def fill_buckets(
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    starts_us: Iterable[int],
    filling: Filling,
    neighbours: Neighbours,
    is_one_market: IsOneMarket = always_one_market,
) -> list[Row]:
    """Return one row for each start, ascending, each ending in whether it was filled.

    A filled bucket's counts are 0, its sums null, and its values are null or go on from the bucket before (PREVIOUS)
    or on a line to the bucket after (LINEAR). Nothing is carried past either end of what was observed, but PREVIOUS
    goes on after the last. A sentiment's values are each their own line; a candle's go from the close before to the
    open after. Nothing goes on from the bucket of another market.
    """
    observed = {row[0]: row for row in rows}
    following = _following(rows, neighbours.after)
    before, upcoming = neighbours.before, next(following, None)
    filled: list[Row] = []
    for start_us in starts_us:
        row = observed.get(start_us)
        if row is not None:
            before, upcoming = row, next(following, None)
            filled.append((*row, False))
        else:
            nearest = [
                each if each is not None and is_one_market(each[0], start_us) else None
                for each in (before, upcoming)
            ]
            filled.append((*_fill(columns, start_us, filling, *nearest), True))
    return filled


def _following(rows: Sequence[Row], after: Row | None) -> Iterator[Row]:
    yield from rows
    if after is not None:
        yield after


def _fill(
    columns: Sequence[str], start_us: int, filling: Filling, before: Row | None, after: Row | None
) -> Row:
    def value(name: str) -> float | None:
        figure = _AGGREGATES[name]
        if figure.kind.zero is not None:
            return figure.kind.zero
        if figure.bridge is None or before is None or filling is Filling.NULL:
            return None
        left: float = before[columns.index(figure.bridge[0])]
        if filling is Filling.PREVIOUS:
            return left
        if after is None:
            return None
        right: float = after[columns.index(figure.bridge[1])]
        share = (start_us - before[0]) / (after[0] - before[0])
        between: float = left * (1 - share) + right * share
        return between

    return (start_us, *map(value, columns[1:]))
