"""Pinned versions of tables, and the follower that brings one up to date with its log."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.commit import LOG, parse_commit, read_commit
from lakehouse.delta.file_index import FileIndex
from lakehouse.delta.log_listing import refresh
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.retained_from import read_retained_from
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import assert_matches, open_table
from lakehouse.schema.spec import TableSpec
from lakehouse.tail.rows import TableTail
from lakehouse.tail.store import OFF, PinnedTail

logger = logging.getLogger(__name__)

LISTING_SECONDS = 60.0
"""Age up to which the absence of the next commit is trusted: far below a log's retention, which may remove it."""

_MAX_COMMITS_READ = 16


@dataclass(frozen=True, slots=True, eq=False)
class TableSnapshot:
    """One table as it stood at one version. Immutable; its rows are those before ``position``.

    ``commit_time_us`` is when the version was committed; None where its commit was cleaned up.
    ``retained_from_us`` is the first instant that retention has left; None where nothing was expired. ``tail`` adds
    what Kafka has of one symbol beyond the version.
    """

    spec: TableSpec
    location: LakeLocation
    build: Build
    version: int
    position: Position
    files: FileIndex
    commit_time_us: int | None
    retained_from_us: int | None = None
    tail: TableTail | None = None

    @property
    def reach(self) -> Position:
        """Position that its rows reach, the tail's included."""
        return self.position if self.tail is None else self.tail.reach

    @property
    def tail_rows(self) -> pa.Table | None:
        """Rows of the tail; None where there is none."""
        return self.tail.rows if self.tail is not None and self.tail.rows.num_rows else None

    @staticmethod
    def empty(spec: TableSpec, location: LakeLocation, build: Build) -> "TableSnapshot":
        """Return a table that does not exist yet, as one without rows."""
        return TableSnapshot(
            spec=spec,
            location=location,
            build=build,
            version=-1,
            position=Position(),
            files=FileIndex.empty(spec),
            commit_time_us=None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Tables that one answer reads, pinned together, all of one build.

    ``tail`` is one of TAIL_STATES: whether the tables have a tail, and if not, why.
    """

    build: Build
    tables: Mapping[str, TableSnapshot]
    tail: str = OFF

    def __getitem__(self, name: str) -> TableSnapshot:
        return self.tables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    def of(self, names: Iterable[str]) -> "Snapshot":
        """Return the same, of fewer tables: those of ``names`` that are in it."""
        tables = {name: self.tables[name] for name in names if name in self.tables}
        return Snapshot(self.build, tables, self.tail)

    def with_tail(self, pinned: PinnedTail) -> "Snapshot":
        """Return the same with a tail beyond each table that it knows."""
        tables = {
            name: replace(table, tail=pinned.tables[name]) if name in pinned.tables else table
            for name, table in self.tables.items()
        }
        return Snapshot(self.build, tables, pinned.state)


class TableFollower:
    """Follows one table's log. Thread-safe; concurrent threads share one reading of the log."""

    def __init__(
        self,
        *,
        spec: TableSpec,
        location: LakeLocation,
        build: Build,
        catalog: Catalog,
        n_remembered: int = 0,
    ) -> None:
        self._spec = spec
        self._location = location
        self._log_path = str(location.to_path() / LOG) if location.is_local else ""
        self._build = build
        self._catalog = catalog
        self._lock = threading.Lock()
        self._table: DeltaTable | None = None
        self._latest: TableSnapshot | None = None
        self._read_at = self._listed_at = 0.0
        self._remembered: deque[TableSnapshot] = deque(maxlen=n_remembered)

    def remembered(self, covered_by: Position) -> TableSnapshot | None:
        """Return the newest of the remembered versions that holds nothing beyond a position."""
        with self._lock:
            newest_first = reversed(self._remembered)
            return next((table for table in newest_first if covered_by.covers(table.position)), None)

    def refresh(self) -> TableSnapshot:
        """Return the newest version committed before the call. Raises LakeNotFoundError before the table exists."""
        called_at = time.monotonic()
        with self._lock:
            if self._latest is not None and self._read_at >= called_at:
                return self._latest
            read_at = time.monotonic()
            latest = None
            if self._latest is not None and self._log_path and read_at - self._listed_at <= LISTING_SECONDS:
                latest = self._followed(self._latest)
            if latest is None:
                latest = self._listed()
            if self._latest is None or self._latest.version != latest.version:
                self._remembered.append(latest)
            self._latest, self._read_at = latest, read_at
            return latest

    def _followed(self, known: TableSnapshot) -> TableSnapshot | None:
        """Return the newest version by reading the commits since; None where delta-rs has to. Versions have no gaps.

        Only the oldest names of a log ever go away, so a name that is absent is a commit that is not there yet.
        """
        for _ in range(_MAX_COMMITS_READ):
            path = f"{self._log_path}/{known.version + 1:020d}.json"
            try:
                with open(path, "rb") as file:
                    content = file.read()
            except FileNotFoundError:
                return known
            try:
                commit = parse_commit(content)
                if not commit.is_plain:
                    return None
                files = known.files.advanced(commit, self._spec, self._location.root)
            except ValueError:
                logger.warning("commit left to delta-rs path=%s", path, exc_info=True)
                return None
            known = replace(
                known,
                version=known.version + 1,
                position=known.position.advanced(commit.offsets),
                files=files,
                commit_time_us=commit.commit_time_us,
                retained_from_us=commit.retained_from_us or known.retained_from_us,
            )
        return None

    def _listed(self) -> TableSnapshot:
        """Return the newest version as delta-rs knows it."""
        table = self._updated_table()
        if self._latest is not None and self._latest.version == table.version():
            return self._latest
        return _to_snapshot(
            table, spec=self._spec, location=self._location, build=self._build, catalog=self._catalog
        )

    def _updated_table(self) -> DeltaTable:
        if self._table is not None:
            try:
                refresh(self._table)
                self._listed_at = time.monotonic()
                return self._table
            except DeltaError:
                self._table = None  # the log was cleaned up behind this process: open it anew
        listed_at = time.monotonic()
        table = open_table(self._location, self._spec)
        assert_matches(table, self._spec)
        self._table, self._listed_at = table, listed_at
        return table


def open_snapshot(
    *, spec: TableSpec, location: LakeLocation, build: Build, catalog: Catalog, version: int
) -> TableSnapshot:
    """Open an old version of a table. Raises DeltaError or LakeNotFoundError where it is not in the log any more."""
    table = open_table(location, spec, version=version)
    assert_matches(table, spec)
    return _to_snapshot(table, spec=spec, location=location, build=build, catalog=catalog)


def _to_snapshot(
    table: DeltaTable,
    *,
    spec: TableSpec,
    location: LakeLocation,
    build: Build,
    catalog: Catalog,
) -> TableSnapshot:
    # Topics are listed after the log was read, so that no row is of a topic that the position lacks.
    topic_ids = [generation.topic_id for generation in catalog.topic_generations()]
    commit = read_commit(location, table.version())
    return TableSnapshot(
        spec=spec,
        location=location,
        build=build,
        version=table.version(),
        position=read_position(table, topic_ids),
        files=FileIndex.read(table, spec, location.root),
        commit_time_us=None if commit is None else commit.commit_time_us,
        retained_from_us=read_retained_from(table),
    )
