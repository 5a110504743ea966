"""Lake of tables for readers: open it, pin snapshots, query its tables.

from lakehouse import lake
lake.table("gold_sentiment").where(symbol="btc", start="2026-11-22").pandas()  # of the lake that the settings name
lake.open("file:///data/lake").table("gold_sentiment").arrow()
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeVar

import duckdb
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
)

from lakehouse.cache.column_cache import ColumnCache
from lakehouse.cache.rollup_store import RollupStore
from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.position import Position
from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.limits import UNLIMITED, QueryLimits
from lakehouse.errors import BehindError, FileGoneError, QueryError, VersionGoneError
from lakehouse.process.settings import Settings
from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.schema.tables import TABLES
from lakehouse.series.markets import DEFAULT_RULES, MarketRules
from lakehouse.snapshots.file_offsets import FileOffsets
from lakehouse.snapshots.followers import TableFollowers
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.snapshots.symbols import SymbolCatalog
from lakehouse.snapshots.time_travel import TimeTravel
from lakehouse.stories.cache import StoryCache
from lakehouse.table.filter_values import to_count
from lakehouse.table.instants import Instant, to_instant_us
from lakehouse.table.lazy_table import Table
from lakehouse.table.relation import connect as connect_to
from lakehouse.tail.store import TAIL_TOPICS, Tail

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Pinned = TypeVar("Pinned")

READ_ATTEMPTS = 4
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.05


def open(
    uri: str,
    storage_options: Mapping[str, str] | None = None,
    *,
    columns_budget_bytes: int = 0,
    limits: QueryLimits = UNLIMITED,
    market_rules: MarketRules = DEFAULT_RULES,
) -> "Lake":
    """Return a lake at a path or URI. Reads nothing yet: a lake that does not exist is noticed when it is read.

    ``columns_budget_bytes`` bounds the recent days that are kept in memory as columns; 0 keeps none. ``limits``
    bound what its statements cost. ``market_rules`` are what an operator says about symbols and markets.
    """
    location = LakeLocation.parse(uri, storage_options)
    return Lake(location, columns_budget_bytes=columns_budget_bytes, limits=limits, market_rules=market_rules)


def table(name: str, *, version: int | None = None, as_of: Instant | None = None) -> Table:
    """Return a table of the lake that CRYPTOVIZ_LAKE_URI and the other settings name; see `Lake.table`."""
    return _lake_of_settings().table(name, version=version, as_of=as_of)


def connect(*, as_of: Instant | None = None) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection to the lake that the settings name, each table a view; see `Lake.connect`."""
    return _lake_of_settings().connect(as_of=as_of)


def _lake_of_settings() -> "Lake":
    return _lake_at(Settings.from_environ(os.environ))


@cache
def _lake_at(settings: Settings) -> "Lake":
    return Lake(settings.lake_location(), market_rules=settings.market_rules())


class Lake:
    """Reads one lake. Thread-safe; holds caches only, so any number of processes may read beside it.

    A ``build`` is read in place of the served one: a build that is being made is not served yet. ``tail`` is what
    follows Kafka in this process, if anything does.
    """

    def __init__(
        self,
        location: LakeLocation,
        *,
        columns_budget_bytes: int = 0,
        limits: QueryLimits = UNLIMITED,
        build: Build | None = None,
        market_rules: MarketRules = DEFAULT_RULES,
    ) -> None:
        self.location = location
        self.catalog = Catalog(location)
        self.session = DuckdbSession(limits, within=location.to_path() if location.is_local else None)
        self.symbols = SymbolCatalog(self.session)
        self.columns = ColumnCache(self.session, budget_bytes=columns_budget_bytes)
        self.rollups = RollupStore(self.session, is_on=columns_budget_bytes > 0)
        self.offsets = FileOffsets(self.session)
        self.stories = StoryCache(self.session, self.offsets, self.columns)
        self.time_travel = TimeTravel(self.catalog)
        self.market_rules = market_rules
        self.tail: Tail | None = None
        self._followers = TableFollowers(self.catalog, build=build)

    def snapshot(self, *names: str, optional: tuple[str, ...] = (), tail_of: str | None = None) -> Snapshot:
        """Pin the newest version of tables, all of one build. An ``optional`` table may not exist yet.

        With ``tail_of``, a symbol, what Kafka has of it beyond the versions is pinned with them. Raises
        LakeNotFoundError where the lake or one of ``names`` does not exist.
        """
        if tail_of is None:
            return self._followers.snapshot(names, optional)
        return self.snapshots((tail_of,), *names, optional=optional)[tail_of]

    def snapshots(
        self, symbols: Sequence[str], *names: str, optional: tuple[str, ...] = ()
    ) -> dict[str, Snapshot]:
        """Pin the same versions of tables for several symbols, each with its own tail, all at one moment."""
        snapshot = self._followers.snapshot(names, optional)
        if self.tail is None:
            return dict.fromkeys(symbols, snapshot)
        positions = {name: table.position for name, table in snapshot.tables.items() if name in TAIL_TOPICS}
        tails = self.tail.pinned_of(symbols, positions)
        return {symbol: snapshot.with_tail(tails[symbol]) for symbol in symbols}

    def table_without_rows(self, name: str, build: Build) -> TableSnapshot:
        """Return what stands for a table that does not exist in a build yet."""
        return TableSnapshot.empty(TABLES[name], self.catalog.table_location(name, build), build)

    def remembered(self, table: TableSnapshot, *, covered_by: Position) -> TableSnapshot | None:
        """Return an older version of a rollup that holds nothing beyond a position, if this process remembers one."""
        return self._followers.of(table.spec.name, table.build).remembered(covered_by)

    def snapshot_covering(
        self,
        positions: Mapping[str, Position],
        *,
        build_id: str,
        optional: tuple[str, ...] = (),
        tail_of: str | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> Snapshot:
        """Pin a snapshot that holds, with its tail, everything before ``positions``, waiting for it a little.

        Raises VersionGoneError where another build is served now, BehindError where the wait was not enough.
        """

        def pin() -> Snapshot:
            snapshot = self.snapshot(*positions, optional=optional, tail_of=tail_of)
            if snapshot.build.build_id != build_id:
                self.current_build(refresh=True)
                snapshot = self.snapshot(*positions, optional=optional, tail_of=tail_of)
            if (served := snapshot.build.build_id) != build_id:
                raise VersionGoneError(
                    table=", ".join(positions), requested=f"build {build_id}", available=served
                )
            for name, position in positions.items():
                if not snapshot[name].reach.covers(position):
                    raise BehindError(table=name, waited_seconds=wait_seconds)
            return snapshot

        retrying = Retrying(
            retry=retry_if_exception_type(BehindError),
            stop=stop_after_delay(wait_seconds),
            wait=wait_fixed(_POLL_SECONDS),
            reraise=True,
        )
        return retrying(pin)

    def current_build(self, *, refresh: bool = False) -> Build:
        """Return the served build, as of a second ago unless ``refresh``.

        Raises LakeNotFoundError before the first build, LayoutError for a lake of an earlier layout.
        """
        return self._followers.current_build(refresh=refresh)

    def read(self, pin: Callable[[], Pinned], ask: Callable[[Pinned], Answer]) -> Answer:
        """Return the answer on a pinned snapshot, retried on a fresh one where a file was vacuumed."""
        return _RETRYING(lambda: ask(pin()))

    def table(self, name: str, *, version: int | None = None, as_of: Instant | None = None) -> Table:
        """Return a table by name: the newest version at each read, or the one pinned by its number or by an instant.

        Reads nothing yet unless one is pinned. Raises QueryError for a name that no table has and a version that
        is not there yet, VersionGoneError for what is gone or was before the table.
        """
        if name not in TABLES:
            raise QueryError(parameter="table", problem=f"{name!r} is no table", accepted=", ".join(TABLES))
        if version is not None and as_of is not None:
            raise QueryError(parameter="as_of", problem="a version is given too", accepted="one of the two")
        if version is not None:
            version = to_count("version", version)
            moment = self.time_travel.at_version(name, version, newest=self.snapshot(name)[name])
            return Table(
                lake=self, name=name, pinned=self.time_travel.snapshot(moment, (name,), version=version)[name]
            )
        if as_of is not None:
            moment = self.time_travel.at_instant(to_instant_us("as_of", as_of), (name,))
            return Table(lake=self, name=name, pinned=self.time_travel.snapshot(moment, (name,))[name])
        return Table(lake=self, name=name)

    def connect(self, *, as_of: Instant | None = None) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB connection in UTC with a view for each table that exists, all pinned together.

        Rollups are left out: their rows are partial sums. Connect again to see what came since.
        """
        names = tuple(name for name, spec in TABLES.items() if spec not in ROLLUP_TABLES)
        if as_of is not None:
            moment = self.time_travel.at_instant(to_instant_us("as_of", as_of), (), optional=names)
            return connect_to(self.time_travel.snapshot(moment, (), optional=names))
        return self.read(lambda: self.snapshot(optional=names), connect_to)

    def __repr__(self) -> str:
        return f"Lake({self.location.uri!r})"


def _log_vacuumed(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    logger.info("snapshot's file vacuumed, read again reason=%s", error)


_RETRYING = Retrying(
    retry=retry_if_exception_type(FileGoneError),
    stop=stop_after_attempt(READ_ATTEMPTS),
    before_sleep=_log_vacuumed,
    reraise=True,
)

__all__ = ["Lake", "Table", "connect", "open", "table"]
