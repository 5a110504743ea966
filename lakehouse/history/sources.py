"""The sources of an answer, in the order in which they are tried.

A source answers the newest part of what is left of a range, as far as it reaches; the next source goes on from there.
All of them give the rows or buckets of one plain scan of gold and the tail at the pinned position: the tail is no
source of its own, for its rows belong into the same buckets.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lakehouse.errors import FileGoneError
from lakehouse.history.file_sources import ExpiredBuckets, GoldBuckets, GoldRows, RollupBuckets
from lakehouse.history.memory_sources import CachedBuckets, CachedRows, HourlySums
from lakehouse.history.pinning import PinnedQuery
from lakehouse.history.query import Row
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.cache.column_cache import ColumnCache
    from lakehouse.cache.rollup_store import RollupStore
    from lakehouse.engine.duckdb_session import DuckdbSession
    from lakehouse.lake import Lake
    from lakehouse.snapshots.file_offsets import FileOffsets
    from lakehouse.stories.cache import StoryCache

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """The parts of a lake that rows and buckets are read from."""

    columns: "ColumnCache"
    rollups: "RollupStore"
    session: "DuckdbSession"
    offsets: "FileOffsets"
    stories: "StoryCache"

    @staticmethod
    def of(lake: "Lake") -> "Stores":
        return Stores(lake.columns, lake.rollups, lake.session, lake.offsets, lake.stories)


class Source(Protocol):
    """A source of rows or buckets. Raises FileGoneError where a file of it was vacuumed meanwhile."""

    def covers(self, rest: TimeRange) -> TimeRange:
        """Return the newest part of a range that this source answers; an empty range where it answers none."""

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        """Return the newest rows or buckets of what `covers` gave last, newest first, ``n_rows`` where there are."""


def row_sources(stores: Stores, pinned: PinnedQuery, columns: Sequence[str]) -> list[Source]:
    """Return what answers a question for some columns of rows, each row ending in its key."""
    return [CachedRows(stores.columns, pinned, columns), GoldRows(stores.session, pinned, columns)]


def bucket_sources(stores: Stores, pinned: PinnedQuery) -> list[Source]:
    """Return what answers a question for buckets."""
    session, offsets = stores.session, stores.offsets
    return [
        HourlySums(stores.rollups, stores.columns, offsets, pinned),
        CachedBuckets(stores.columns, pinned),
        RollupBuckets(session, offsets, pinned, pinned.covered_rollup),
        GoldBuckets(session, pinned),
        ExpiredBuckets(RollupBuckets(session, offsets, pinned, pinned.newest_rollup)),
    ]


def read_newest(sources: Sequence[Source], rest: TimeRange, n_rows: int) -> list[Row]:
    """Return the newest rows or buckets of a range, newest first, from the sources that cover it.

    Raises: FileGoneError where a file was vacuumed meanwhile that no other source does without.
    """
    rows: list[Row] = []
    while rest.span_us and len(rows) < n_rows:
        covered, newest = _read_next(sources, rest, n_rows - len(rows))
        if not covered.span_us:
            break
        rows += newest
        rest = TimeRange(rest.start_us, covered.start_us)
    return rows


def _read_next(sources: Sequence[Source], rest: TimeRange, n_rows: int) -> tuple[TimeRange, list[Row]]:
    gone: FileGoneError | None = None
    for source in sources:
        try:
            covered = source.covers(rest)
            if covered.span_us:
                return covered, source.read(covered, n_rows)
        except FileGoneError as error:
            logger.info("source skipped source=%s reason=%s", type(source).__name__, error.problem)
            gone = error
    if gone is not None:
        raise gone
    return TimeRange(rest.end_us, rest.end_us), []
