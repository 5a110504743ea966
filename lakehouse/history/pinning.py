"""A question with the versions of the tables that answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakehouse.delta.position import Position
from lakehouse.errors import VersionGoneError
from lakehouse.history.cursor import Cursor, Key
from lakehouse.history.knowledge import known_positions
from lakehouse.history.pinned_markets import PinnedMarkets, find_markets
from lakehouse.history.query import HistoryQuery, Row, newest_part
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.series.aggregates import MARKET_COLUMNS
from lakehouse.series.grid import ceiling
from lakehouse.series.market_schedule import MarketPart
from lakehouse.series.markets import Market
from lakehouse.series.rollups import Rollup, rollup_for
from lakehouse.time_range import TimeRange, to_time

if TYPE_CHECKING:
    from lakehouse.delta.file_index import FileSelection
    from lakehouse.lake import Lake
    from lakehouse.series.definitions import Series
    from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
    from lakehouse.snapshots.time_travel import PointInTime


@dataclass(frozen=True, slots=True)
class RollupVersion:
    """One version of a rollup."""

    rollup: Rollup
    table: "TableSnapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedQuery:
    """A question, the tables that it is answered from, their cuts, and the markets whose prices count.

    ``market`` is that of the newest part of the range, or of the part that is read. Rollups only make the answer
    quicker: no page names them, no cursor holds them. ``covered_rollup`` is a version that holds nothing beyond the
    answer's position. ``stories`` are those of sentiments, as far as they are assigned; None of other series.
    """

    query: HistoryQuery
    snapshot: "Snapshot"
    cuts: Mapping[str, Position]
    markets: PinnedMarkets
    market: Market | None
    newest_rollup: RollupVersion | None = None
    covered_rollup: RollupVersion | None = None
    stories: "TableSnapshot | None" = None

    @property
    def table(self) -> "TableSnapshot":
        """The table of the question's series."""
        return self.snapshot[self.query.series.table.name]

    def on(self, snapshot: "Snapshot", cuts: Mapping[str, Position]) -> "PinnedQuery":
        """Return the same question on another snapshot, cut at positions; stories are the snapshot's, if it has any."""
        return replace(
            self,
            snapshot=snapshot.of(name for name in snapshot.tables if name != GOLD_STORY.name),
            cuts=cuts,
            stories=snapshot.tables.get(GOLD_STORY.name, self.stories),
        )

    @property
    def has_no_rows(self) -> bool:
        """True where no market has ever had a price of the symbol."""
        return self.query.series.has_market and self.market is None

    def parts(self, time_range: TimeRange) -> "list[tuple[PinnedQuery, TimeRange]]":
        """Return a range as parts of one market each, ascending, each with the question about that market."""
        if not self.query.series.has_market:
            return [(self, time_range)] if time_range.span_us else []
        parts = self.markets.parts(self.query, time_range)
        return [(replace(self, market=part.market), part.time_range) for part in parts]

    @property
    def market_parts(self) -> list[MarketPart]:
        """The parts of the whole range."""
        return self.markets.parts(self.query, self.query.time_range)

    @property
    def bound_market(self) -> dict[str, str]:
        if self.market is None:
            return {}
        return dict(zip(MARKET_COLUMNS, (self.market.venue, self.market.quote), strict=True))

    @property
    def equal(self) -> dict[str, str]:
        """{column: the value that a row must have}, beside symbol and time."""
        if self.query.series.has_market:
            return self.bound_market
        filters = {"model": self.query.model, "horizon": self.query.horizon}
        return {name: value for name, value in filters.items() if value is not None}

    @property
    def bound_key(self) -> dict[str, Any]:
        """The cursor's key as a statement binds it."""
        if self.query.cursor is None:
            return {}
        time_us, topic_id, partition, offset = self.query.cursor.last_key
        return {
            "key_time": to_time(time_us),
            "key_topic_id": topic_id,
            "key_partition": partition,
            "key_offset": offset,
        }

    def position(self, table: "TableSnapshot") -> Position:
        """Return the position that the answer stands at: the cut's, or the table's own with its tail."""
        return self.cuts.get(table.spec.name, table.reach)

    def cut(self, table: "TableSnapshot") -> Position | None:
        """Return the position to filter by; None where the table stands exactly there."""
        position = self.position(table)
        return None if position == table.reach else position

    @property
    def positions(self) -> dict[str, Position]:
        return {name: self.position(table) for name, table in self.snapshot.tables.items()}

    def select(self, time_range: TimeRange) -> "FileSelection":
        """Return the files of the series' table that may hold a row of the symbol within a range."""
        return self.table.files.select(
            symbol=self.query.symbol, time_column=self.query.axis, time_range=time_range
        )

    def count_rows(self, time_range: TimeRange) -> int:
        """Return an upper bound of the rows that a range takes to read from gold's files."""
        return self.select(time_range).n_rows

    def retained(self, rest: TimeRange) -> TimeRange:
        """Return the newest part of a range, which retention has left in gold.

        Where a rollup has the rest, a bucket that retention cuts is of the rest.
        """
        start_us = self.table.retained_from_us
        if start_us is None:
            return rest
        return newest_part(
            rest, start_us if self.newest_rollup is None else ceiling(self.query.grid, start_us)
        )

    @property
    def retained_from_us(self) -> int | None:
        """The first instant that retention has left, where the range reaches before it and the answer is not whole.

        Of forecasts it is also the first that realised prices are left of.
        """
        instants = [
            table.retained_from_us
            for table in self.snapshot.tables.values()
            if table.retained_from_us is not None
        ]
        if not instants or max(instants) <= self.query.time_range.start_us:
            return None
        return None if not self.query.is_raw and self._has_all_buckets() else max(instants)

    def _has_all_buckets(self) -> bool:
        """Return whether a rollup, or the table of stories, holds the buckets of all rows that gold has expired.

        It does not where the range begins in the middle of an expired minute or hour.
        """
        newest, start_us = self.newest_rollup, self.query.time_range.start_us
        if self.query.by_story and self.stories is not None:
            return self.stories.version >= 0 and (self.stories.retained_from_us or 0) <= start_us
        if newest is None or start_us % newest.rollup.width_us:
            return False
        return (newest.table.retained_from_us or 0) <= start_us

    def next_cursor(self, last_key: Key, observed_after: Row | None = None) -> Cursor:
        query = self.query
        return Cursor(
            series=query.series.name,
            symbol=query.symbol,
            parameters=dict(query.parameters),
            build_id=self.snapshot.build.build_id,
            positions={name: position.to_json() for name, position in self.positions.items()},
            start_us=query.time_range.start_us,
            end_us=query.time_range.end_us,
            interval=query.interval,
            as_of_us=query.as_of_us,
            last_key=last_key,
            markets=self.markets.to_cursor(query),
            observed_after=observed_after,
        )


def pin_snapshot(lake: "Lake", query: HistoryQuery, wait_seconds: float) -> "Snapshot":
    """Pin the tables of a question: as they stand, as they stood, or at least as far as its cursor has come.

    Raises: LakeNotFoundError, VersionGoneError; with a cursor also BehindError.
    """
    if query.cursor is not None and query.moment is None:
        return lake.snapshot_covering(
            _cursor_positions(query.cursor),
            build_id=query.cursor.build_id,
            optional=_made_tables(query),
            tail_of=query.symbol,
            wait_seconds=wait_seconds,
        )
    return pin_snapshots(lake, query, [query.symbol])[query.symbol]


def pin_snapshots(lake: "Lake", query: HistoryQuery, symbols: Sequence[str]) -> "Mapping[str, Snapshot]":
    """Pin the tables of one question about several symbols, all at one moment: as they stand, or as they stood.

    Raises: LakeNotFoundError, VersionGoneError.
    """
    if query.moment is not None:
        return dict.fromkeys(symbols, _past_snapshot(lake, query, query.moment))
    optional = (*optional_tables(query.series), *_made_tables(query))
    return lake.snapshots(symbols, query.series.table.name, optional=optional)


def _made_tables(query: HistoryQuery) -> tuple[str, ...]:
    """Return the derived tables that may answer a question."""
    rollup = _rollup_of(query)
    return (() if rollup is None else (rollup.table.name,)) + story_tables(query)


def pin_query(lake: "Lake", query: HistoryQuery, pinned: "Snapshot") -> PinnedQuery:
    """Return a question with the tables of a snapshot: their cuts, its market and its rollup."""
    rollup = _rollup_of(query)
    made_names = {GOLD_STORY.name} if rollup is None else {GOLD_STORY.name, rollup.table.name}
    snapshot = pinned.of(name for name in pinned.tables if name not in made_names)
    newest = None
    if rollup is not None and rollup.table.name in pinned:
        newest = RollupVersion(rollup, pinned[rollup.table.name])
    cuts = _find_cuts(lake, query, snapshot)
    covered = _covered_version(lake, newest, cuts, snapshot[query.series.table.name])
    if query.known_at_us is not None:
        newest = covered  # a later version may hold rows that nobody knew then, of expired days, too
    markets = find_markets(lake, query, snapshot, cuts, None if newest is None else newest.table)
    parts = markets.parts(query, query.time_range)
    return PinnedQuery(
        query=query,
        snapshot=snapshot,
        cuts=cuts,
        markets=markets,
        market=parts[-1].market if parts else markets.schedule.newest,
        newest_rollup=newest,
        covered_rollup=covered,
        stories=_find_stories(lake, query, pinned),
    )


def _find_cuts(lake: "Lake", query: HistoryQuery, snapshot: "Snapshot") -> dict[str, Position]:
    """Return the positions that an answer stands at, by table; of a table that is not cut, none."""
    if query.cursor is not None:
        return _cursor_positions(query.cursor)
    if query.known_at_us is not None:
        return known_positions(lake, snapshot, query.known_at_us)
    return {}


def _rollup_of(query: HistoryQuery) -> Rollup | None:
    if query.is_raw or query.by_story:
        return None
    return rollup_for(query.series.table, query.grid.unit_us(query.time_range))


def story_tables(query: HistoryQuery) -> tuple[str, ...]:
    """Return the table of stories, where the question is about sentiments."""
    return (GOLD_STORY.name,) if query.series.table is GOLD_SENTIMENT else ()


def _find_stories(lake: "Lake", query: HistoryQuery, pinned: "Snapshot") -> "TableSnapshot | None":
    """Return the stories of a build, of the past the newest: a story never changes, so that they are cut alike."""
    if not story_tables(query):
        return None
    made = pinned.tables.get(GOLD_STORY.name)
    if made is None and query.moment is not None:
        made = lake.time_travel.newest(GOLD_STORY.name, pinned.build)
    return lake.table_without_rows(GOLD_STORY.name, pinned.build) if made is None else made


def _cursor_positions(cursor: Cursor) -> dict[str, Position]:
    return {name: Position.from_json(vector) for name, vector in cursor.positions.items()}


def optional_tables(series: "Series") -> tuple[str, ...]:
    """Return the tables that answers of a series are completed from, where they exist."""
    return () if series.has_buckets else (GOLD_PRICE.name,)


def _past_snapshot(lake: "Lake", query: HistoryQuery, moment: "PointInTime") -> "Snapshot":
    name, build_id = query.series.table.name, moment.build.build_id
    if query.cursor is not None and query.cursor.build_id != build_id:
        raise VersionGoneError(table=name, requested=f"build {query.cursor.build_id}", available=build_id)
    return lake.time_travel.snapshot(
        moment, (name,), optional=optional_tables(query.series), version=query.version
    )


def past_gone(lake: "Lake", query: HistoryQuery, moment: "PointInTime") -> VersionGoneError:
    """Return the error for a moment whose files are gone, with what can be read."""
    name = query.series.table.name
    if query.version is not None:
        return lake.time_travel.version_gone(name, moment.build, query.version)
    return lake.time_travel.instant_gone(moment.instant_us, (name,), optional_tables(query.series))


def _covered_version(
    lake: "Lake", newest: RollupVersion | None, cuts: Mapping[str, Position], gold: "TableSnapshot"
) -> RollupVersion | None:
    """Return a version of a rollup that holds nothing beyond the answer's position; None where none is known."""
    if newest is None:
        return None
    position, table = cuts.get(gold.spec.name, gold.reach), newest.table
    covered = table if position.covers(table.position) else lake.remembered(table, covered_by=position)
    return RollupVersion(newest.rollup, covered) if covered is not None and len(covered.position) else None
