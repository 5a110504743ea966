"""The history of a symbol: one page of one series, read from a pinned snapshot.

The pages of one cursor are one series: rows are cut at the position of the first page, whatever is appended,
compacted or vacuumed meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lakehouse.errors import FileGoneError, QueryError
from lakehouse.history.bucket_points import BucketPoints
from lakehouse.history.cursor import Cursor, Key
from lakehouse.history.downsampling import downsample_rows
from lakehouse.history.gap_filling import fill_page
from lakehouse.history.pinning import PinnedQuery, past_gone, pin_query, pin_snapshot, pin_snapshots
from lakehouse.history.query import HistoryPage, HistoryQuery, Row
from lakehouse.history.realised import Forecast, read_realised_prices
from lakehouse.history.sources import Source, Stores, bucket_sources, read_newest, row_sources
from lakehouse.history.stories import STORY_COLUMNS, pin_stories, read_stories
from lakehouse.series.buckets import Filling, check_bucket_count
from lakehouse.series.definitions import MADE_AT, SENTIMENT, TARGET_TIME

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot

WAIT_SECONDS = 2.0
WHOLE_RANGE_HINT = "a shorter range, a wider interval, or a limit, beyond which next goes on"
_N_KEY_COLUMNS = 3
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a page in ascending time, how many of them were observed, and where to go on."""

    rows: list[Row]
    n_observed: int
    next: Cursor | None


class HistoryReader:
    """Answers one question from one pinned snapshot."""

    def __init__(self, stores: Stores, pinned: PinnedQuery) -> None:
        self.stores = stores
        self.pinned = pinned

    def on(self, pinned: PinnedQuery) -> "HistoryReader":
        """Return a reader of the same stores for another question or snapshot."""
        return HistoryReader(self.stores, pinned)

    def read_page(self) -> HistoryPage:
        """Return the newest ``limit`` points of what is left of the range."""
        query, pinned = self.pinned.query, self.pinned
        part = self._read_part()
        if query.whole and part.next is not None:
            raise QueryError(
                parameter="points",
                problem=f"the range has more than {query.limit} points to choose from",
                accepted=WHOLE_RANGE_HINT,
            )
        columns, points = self.to_points(part.rows)
        return HistoryPage(
            columns=columns,
            rows=points,
            n_read=len(part.rows),
            n_observed=part.n_observed,
            next=part.next,
            snapshot=pinned.snapshot,
            positions=pinned.positions,
            market=pinned.market,
            market_parts=pinned.market_parts,
            retained_from_us=pinned.retained_from_us,
            has_stories=STORY_COLUMNS[0] not in columns or all(row[-len(STORY_COLUMNS)] for row in points),
        )

    def read_rows(self, n_rows: int, columns: Sequence[str] | None = None) -> list[Row]:
        """Return the newest rows before the cursor, newest first: some columns or all, then the key."""
        query = self.pinned.query
        if self.pinned.has_no_rows:
            return []
        names = columns or query.series.raw_columns
        return self._read_parts(n_rows, lambda pinned: row_sources(self.stores, pinned, names))

    def read_buckets(self, n_buckets: int) -> list[Row]:
        """Return the newest buckets before the cursor, newest first: those of a plain GROUP BY over the range."""
        if self.pinned.has_no_rows:
            return []

        def sources_of(pinned: PinnedQuery) -> Sequence[Source]:
            return bucket_sources(
                self.stores, pin_stories(self.stores, pinned) if pinned.query.by_story else pinned
            )

        return self._read_parts(n_buckets, sources_of)

    def _read_parts(self, n_rows: int, sources_of: Callable[[PinnedQuery], Sequence[Source]]) -> list[Row]:
        """Return the newest rows or buckets, newest first, market by market."""
        rows: list[Row] = []
        for pinned, time_range in reversed(self.pinned.parts(self.pinned.query.rest)):
            if len(rows) < n_rows:
                rows += read_newest(sources_of(pinned), time_range, n_rows - len(rows))
        return rows

    def to_points(self, rows: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
        """Return the columns and rows that are shown: downsampled, without keys, with realised prices."""
        query = self.pinned.query
        series, n_points = query.series, query.n_points or len(rows)
        if not query.is_raw:
            buckets = BucketPoints(self.pinned)
            return buckets.columns, buckets.to_points(rows)
        rows = downsample_rows(
            series.raw_columns, rows, axis=query.axis, curve=series.curve, n_points=n_points
        )
        points = [row[:-_N_KEY_COLUMNS] for row in rows]
        if series is SENTIMENT:
            return self._with_stories(points)
        if series.has_buckets:
            return series.raw_columns, points
        made_at, target_at, quote_at = map(series.raw_columns.index, (MADE_AT, TARGET_TIME, "quote"))
        forecasts = [Forecast(row[made_at], row[target_at], row[quote_at]) for row in points]
        prices = read_realised_prices(self.stores, self.pinned, forecasts)
        columns = (*series.raw_columns, "realised_price")
        return columns, [(*row, price) for row, price in zip(points, prices, strict=True)]

    def _with_stories(self, points: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
        columns = self.pinned.query.series.raw_columns
        id_at, time_at = columns.index("message_id"), columns.index("event_time")
        stories = read_stories(self.stores, self.pinned, [(row[id_at], row[time_at]) for row in points])
        told = stories or [(None, None)] * len(points)
        return (*columns, *STORY_COLUMNS), [(*row, *story) for row, story in zip(points, told, strict=True)]

    def next_cursor(self, oldest: Row) -> Cursor:
        """Return the cursor that goes on before a row."""
        query = self.pinned.query
        time_us = oldest[query.series.raw_columns.index(query.axis)]
        return self.pinned.next_cursor((time_us, *oldest[-_N_KEY_COLUMNS:]))

    def _read_part(self) -> _Part:
        query, pinned = self.pinned.query, self.pinned
        if query.is_raw:
            newest = self.read_rows(query.limit + 1)
            rows = newest[query.limit - 1 :: -1]
            return _Part(rows, len(rows), self.next_cursor(rows[0]) if len(newest) > query.limit else None)
        newest = self.read_buckets(query.limit + 1)
        if query.filling is Filling.NONE:
            rows = [(*row, False) for row in newest[query.limit - 1 :: -1]]
            following = pinned.next_cursor(_bucket_key(rows[0])) if len(newest) > query.limit else None
            return _Part(rows, len(rows), following)
        if pinned.has_no_rows:
            return _Part([], 0, None)
        page = fill_page(query, newest, is_one_market=BucketPoints(pinned).is_one_market)
        after = page.oldest_observed if query.filling is Filling.LINEAR else None
        following = pinned.next_cursor(_bucket_key(page.rows[0]), after) if page.more else None
        return _Part(page.rows, sum(not row[-1] for row in page.rows), following)


def read_history(lake: "Lake", query: HistoryQuery, *, wait_seconds: float = WAIT_SECONDS) -> HistoryPage:
    """Return one page of a history.

    Raises: LakeNotFoundError, QueryError, VersionGoneError; with a cursor also BehindError.
    """
    check_bucket_count(query.time_range, query.interval, query.zone)
    return read_pinned(lake, query, HistoryReader.read_page, wait_seconds=wait_seconds)


def read_pinned(
    lake: "Lake",
    query: HistoryQuery,
    answer: Callable[[HistoryReader], Answer],
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> Answer:
    """Return the answer of a reader of the snapshot that a question is pinned to.

    Raises: VersionGoneError where the files of a moment in the past are gone.
    """

    def ask(snapshot: "Snapshot") -> Answer:
        return answer(HistoryReader(Stores.of(lake), pin_query(lake, query, snapshot)))

    with naming_past(lake, query):
        return lake.read(partial(pin_snapshot, lake, query, wait_seconds), ask)


def read_histories(lake: "Lake", queries: Sequence[HistoryQuery]) -> list[HistoryPage]:
    """Return the first page of each of several symbols' questions, which differ in nothing else, of one snapshot.

    Raises: LakeNotFoundError, QueryError, VersionGoneError.
    """
    one, stores = queries[0], Stores.of(lake)
    check_bucket_count(one.time_range, one.interval, one.zone)

    def ask(snapshots: "Mapping[str, Snapshot]") -> list[HistoryPage]:
        pinned = (pin_query(lake, query, snapshots[query.symbol]) for query in queries)
        return [HistoryReader(stores, each).read_page() for each in pinned]

    with naming_past(lake, one):
        return lake.read(partial(pin_snapshots, lake, one, [query.symbol for query in queries]), ask)


@contextmanager
def naming_past(lake: "Lake", query: HistoryQuery) -> Iterator[None]:
    """Raise VersionGoneError where the files of a moment in the past are gone."""
    try:
        yield
    except FileGoneError as error:
        if query.moment is None:
            raise
        raise past_gone(lake, query, query.moment) from error


def _bucket_key(row: Row) -> Key:
    return (row[0], "", 0, 0)


__all__ = ["HistoryPage", "HistoryQuery", "HistoryReader", "read_histories", "read_history", "read_pinned"]
