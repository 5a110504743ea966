"""A lake as it is read: open it, pin a snapshot, ask questions, hand tables to notebooks.

from lakehouse import lake
l = lake.open("file:///data/lake")
l.table("gold_sentiment").arrow()
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import duckdb
import pyarrow as pa

from lakehouse.assets import AssetDirectory
from lakehouse.catalog import Build, Catalog
from lakehouse.columns import ColumnStore
from lakehouse.duckdb_session import DuckdbSession
from lakehouse.errors import BehindError, FileGoneError, LakeNotFoundError, QueryError, VersionGoneError
from lakehouse.file_offsets import FileOffsets
from lakehouse.position import Position
from lakehouse.query_gate import UNLIMITED, QueryLimits
from lakehouse.rollup_columns import RollupStore
from lakehouse.rollup_tables import ROLLUP_TABLES
from lakehouse.snapshot import Snapshot, TableFollower, TableSnapshot
from lakehouse.storage import LakeLocation
from lakehouse.tables import TABLES
from lakehouse.tail import TAIL_TOPICS, Tail
from lakehouse.time_travel import Past

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

BUILD_LOOK_SECONDS = 1.0
READ_ATTEMPTS = 4
WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.05
_N_REMEMBERED = 30
"""Versions of a rollup that the pages of a cursor may go on with: half an hour of refreshes."""
_PREVIEW = "SELECT * FROM {rows} LIMIT 20"
_EVERYTHING = "SELECT * FROM {rows}"


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
        self.assets = AssetDirectory(self.session)
        self.columns = ColumnStore(self.session, budget_bytes=columns_budget_bytes)
        self.rollups = RollupStore(self.session, is_on=columns_budget_bytes > 0)
        self.offsets = FileOffsets(self.session)
        self.past = Past(self.catalog)
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

    def table(self, name: str) -> "Table":
        """A table by name, to look at. Raises QueryError for a name that no table has."""
        if name not in TABLES:
            raise QueryError(parameter="table", problem=f"{name!r} is no table", accepted=", ".join(TABLES))
        return Table(self, name)

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


class Table:
    """One table of a lake, read when it is asked for and not before. Each call sees the newest version."""

    def __init__(self, lake: Lake, name: str) -> None:
        self._lake = lake
        self.name = name

    @property
    def version(self) -> int:
        return self._pinned().version

    @property
    def position(self) -> Position:
        return self._pinned().position

    @property
    def schema(self) -> pa.Schema:
        return TABLES[self.name].to_arrow_schema()

    @property
    def meanings(self) -> dict[str, str]:
        """{column: what it means}."""
        return {column.name: column.meaning for column in TABLES[self.name].columns}

    def arrow(self) -> pa.Table:
        """Every row, in no order, as an Arrow table."""
        return self._fetch(_EVERYTHING)

    def preview(self) -> pa.Table:
        """Twenty rows."""
        return self._fetch(_PREVIEW)

    def pandas(self) -> "pd.DataFrame":
        """Every row as a pandas DataFrame. Needs pandas."""
        return self.arrow().to_pandas()

    def duckdb(self) -> duckdb.DuckDBPyRelation:
        """A lazy DuckDB relation over the newest version, on a connection of its own."""
        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'")
        files = self._pinned().files.paths.tolist()
        if not files:
            empty = self.schema.empty_table()
            connection.register("empty", empty)
            return connection.table("empty")
        return connection.read_parquet(files, union_by_name=True)

    def _pinned(self) -> TableSnapshot:
        return self._lake.snapshot(self.name)[self.name]

    def _fetch(self, statement: str) -> pa.Table:
        def ask(snapshot: Snapshot) -> pa.Table:
            files = snapshot[self.name].files.paths.tolist()
            return (
                self._lake.session.fetch_arrow(statement, files, spec=TABLES[self.name])
                if files
                else self.schema.empty_table()
            )

        return self._lake.read(lambda: self._lake.snapshot(self.name), ask)

    def __repr__(self) -> str:
        return f"Table({self.name!r})"


__all__ = ["Lake", "Table", "open"]
