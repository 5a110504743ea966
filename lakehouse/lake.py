"""A lake as it is read: open it, pin a snapshot, ask questions, hand tables to notebooks.

from lakehouse import lake
lake.table("gold_sentiment").where(symbol="btc", start="2026-11-22").pandas()  # of the lake that the settings name
lake.open("file:///data/lake").table("gold_sentiment").arrow()
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

import duckdb

from lakehouse.cache.column_cache import ColumnCache
from lakehouse.cache.rollup_store import RollupStore
from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.position import Position
from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.limits import UNLIMITED, QueryLimits
from lakehouse.errors import BehindError, FileGoneError, LakeNotFoundError, QueryError, VersionGoneError
from lakehouse.process.settings import Settings
from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.schema.tables import TABLES
from lakehouse.snapshots.file_offsets import FileOffsets
from lakehouse.snapshots.pinned import Snapshot, TableFollower, TableSnapshot
from lakehouse.snapshots.symbols import SymbolCatalog
from lakehouse.snapshots.time_travel import TimeTravel
from lakehouse.table.lazy_table import Table
from lakehouse.table.relation import connect as connect_to
from lakehouse.table.row_filter import Instant, to_instant_us
from lakehouse.tail.store import TAIL_TOPICS, Tail

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

BUILD_LOOK_SECONDS = 1.0
READ_ATTEMPTS = 4
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.05
_N_REMEMBERED = 30
"""Versions of a rollup that the pages of a cursor may go on with: half an hour of refreshes."""


def open(
    uri: str,
    storage_options: Mapping[str, str] | None = None,
    *,
    columns_budget_bytes: int = 0,
    limits: QueryLimits = UNLIMITED,
) -> "Lake":
    """A lake at a path or URI. Looks at nothing yet: one that does not exist is noticed when it is read.

    ``columns_budget_bytes`` bounds the recent days that are kept in memory as columns; 0 keeps none. ``limits``
    bound what its statements cost.
    """
    location = LakeLocation.parse(uri, storage_options)
    return Lake(location, columns_budget_bytes=columns_budget_bytes, limits=limits)


def table(name: str, *, version: int | None = None, as_of: Instant | None = None) -> Table:
    """A table of the lake that CRYPTOVIZ_LAKE_URI and the other settings name; see `Lake.table`."""
    return _lake_of_settings().table(name, version=version, as_of=as_of)


def connect(*, as_of: Instant | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection to the lake that the settings name, each table a view; see `Lake.connect`."""
    return _lake_of_settings().connect(as_of=as_of)


def _lake_of_settings() -> "Lake":
    return _lake_at(Settings.from_environ(os.environ))


@cache
def _lake_at(settings: Settings) -> "Lake":
    return Lake(settings.lake_location())


class Lake:
    """Reads one lake. Thread-safe; holds caches only, so any number of processes may read beside it.

    A ``build`` is read instead of the served one: a build that is being made is not served yet.
    """

    def __init__(
        self,
        location: LakeLocation,
        *,
        columns_budget_bytes: int = 0,
        limits: QueryLimits = UNLIMITED,
        build: Build | None = None,
    ) -> None:
        self.location = location
        self.catalog = Catalog(location)
        self.session = DuckdbSession(limits, within=location.to_path() if location.is_local else None)
        self.symbols = SymbolCatalog(self.session)
        self.columns = ColumnCache(self.session, budget_bytes=columns_budget_bytes)
        self.rollups = RollupStore(self.session, is_on=columns_budget_bytes > 0)
        self.offsets = FileOffsets(self.session)
        self.time_travel = TimeTravel(self.catalog)
        self.tail: Tail | None = None
        """What follows Kafka in this process, if anything does."""
        self._lock = threading.Lock()
        self._only_build = build
        self._build: Build | None = None
        self._build_looked_at = 0.0
        self._followers: dict[tuple[str, str], TableFollower] = {}

    def snapshot(self, *names: str, optional: tuple[str, ...] = (), tail_of: str | None = None) -> Snapshot:
        """Pins the newest version of tables, all of one build. An ``optional`` table may not exist yet.

        Optional tables are pinned first: what was derived from ``names`` holds nothing that these lack. With
        ``tail_of``, a symbol, what Kafka has of it beyond the versions is pinned with them. Raises
        LakeNotFoundError where the lake or one of ``names`` does not exist.
        """
        build = self.current_build()
        derived = {}
        for name in optional:
            try:
                derived[name] = self._follower(name, build).refresh()
            except LakeNotFoundError:
                logger.debug("optional table absent table=%s", name)
        snapshot = Snapshot(build, {name: self._follower(name, build).refresh() for name in names} | derived)
        if self.tail is None or tail_of is None:
            return snapshot
        followed = {name: table.position for name, table in snapshot.tables.items() if name in TAIL_TOPICS}
        return snapshot.with_tail(self.tail.pinned(tail_of, followed))

    def remembered(self, table: TableSnapshot, *, covered_by: Position) -> TableSnapshot | None:
        """An older version of a rollup that holds nothing beyond a position, if this process has seen it lately."""
        return self._follower(table.spec.name, table.build).remembered(covered_by)

    def snapshot_covering(
        self,
        positions: Mapping[str, Position],
        *,
        build_id: str,
        optional: tuple[str, ...] = (),
        tail_of: str | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> Snapshot:
        """A snapshot that has, with its tail, taken in everything before ``positions``, waiting for it a little.

        Raises VersionGoneError where another build is served now, BehindError where the wait was not enough.
        """
        deadline = time.monotonic() + wait_seconds
        while True:
            snapshot = self.snapshot(*positions, optional=optional, tail_of=tail_of)
            if snapshot.build.build_id != build_id:
                self.current_build(look=True)
                snapshot = self.snapshot(*positions, optional=optional, tail_of=tail_of)
            if snapshot.build.build_id != build_id:
                raise VersionGoneError(
                    table=", ".join(positions), asked=f"build {build_id}", available=snapshot.build.build_id
                )
            behind = [
                name for name, position in positions.items() if not snapshot[name].reach.covers(position)
            ]
            if not behind:
                return snapshot
            if time.monotonic() >= deadline:
                raise BehindError(table=behind[0], waited_seconds=wait_seconds)
            time.sleep(_POLL_SECONDS)

    def current_build(self, *, look: bool = False) -> Build:
        """The served build, as of BUILD_LOOK_SECONDS ago unless ``look``.

        Raises LakeNotFoundError before the first build.
        """
        if self._only_build is not None:
            return self._only_build
        now = time.monotonic()
        with self._lock:
            if self._build is None or look or now - self._build_looked_at > BUILD_LOOK_SECONDS:
                build = self.catalog.current_build()
                if self._build is not None and build != self._build:
                    logger.info("build switched from=%s to=%s", self._build.build_id, build.build_id)
                    self._followers = {}
                self._build, self._build_looked_at = build, now
            return self._build

    def read(self, pin: Callable[[], Snapshot], ask: Callable[[Snapshot], Answer]) -> Answer:
        """The answer on a pinned snapshot; asked again on a fresh one where a file was vacuumed."""
        for _ in range(READ_ATTEMPTS - 1):
            try:
                return ask(pin())
            except FileGoneError as error:
                logger.info("snapshot outlived reason=%s", error.problem)
        return ask(pin())

    def table(self, name: str, *, version: int | None = None, as_of: Instant | None = None) -> Table:
        """A table by name: the newest version at each look, or the one pinned by its number or by an instant.

        Looks at nothing yet unless one is pinned. Raises QueryError for a name that no table has and a version that
        is not there yet, VersionGoneError for what is gone or was before the table.
        """
        if name not in TABLES:
            raise QueryError(parameter="table", problem=f"{name!r} is no table", accepted=", ".join(TABLES))
        if version is not None and as_of is not None:
            raise QueryError(parameter="as_of", problem="a version is given too", accepted="one of the two")
        if version is not None:
            moment = self.time_travel.at_version(name, version, newest=self.snapshot(name)[name])
            return Table(
                lake=self, name=name, pinned=self.time_travel.snapshot(moment, (name,), version=version)[name]
            )
        if as_of is not None:
            moment = self.time_travel.at_instant(to_instant_us("as_of", as_of))
            return Table(lake=self, name=name, pinned=self.time_travel.snapshot(moment, (name,))[name])
        return Table(lake=self, name=name)

    def connect(self, *, as_of: Instant | None = None) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection in UTC with a view for each table that exists, all pinned together.

        Rollups are left out: their rows are partial sums. Connect again to see what came since.
        """
        names = tuple(name for name, spec in TABLES.items() if spec not in ROLLUP_TABLES)
        if as_of is not None:
            moment = self.time_travel.at_instant(to_instant_us("as_of", as_of))
            return connect_to(self.time_travel.snapshot(moment, (), optional=names))
        return self.read(lambda: self.snapshot(optional=names), connect_to)

    def __repr__(self) -> str:
        return f"Lake({self.location.uri!r})"

    def _follower(self, name: str, build: Build) -> TableFollower:
        with self._lock:
            follower = self._followers.get((name, build.build_id))
            if follower is None:
                location = self.catalog.table_location(name, build)
                follower = TableFollower(
                    spec=TABLES[name],
                    location=location,
                    build=build,
                    catalog=self.catalog,
                    n_remembered=_N_REMEMBERED if TABLES[name] in ROLLUP_TABLES else 0,
                )
                self._followers[(name, build.build_id)] = follower
            return follower


__all__ = ["Lake", "Table", "connect", "open", "table"]
