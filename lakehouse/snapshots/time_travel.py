"""Tables as they stood: at a version, or at an instant."""

import threading
from bisect import bisect_left
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from cachetools import LRUCache, cachedmethod
from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.commit import LOG, read_commit
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakeNotFoundError, QueryError, VersionGoneError
from lakehouse.schema.tables import TABLES
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot, open_snapshot
from lakehouse.tail.store import PAST
from lakehouse.time_range import format_us

_VERSION_DIGITS = 20
_MAX_SNAPSHOTS = 16


@dataclass(frozen=True, slots=True)
class PointInTime:
    """An instant in a lake's past, and the build that was served then."""

    build: Build
    instant_us: int


def _key(_owner: object, name: str, build: Build, version: int) -> tuple[str, str, int]:
    return name, build.build_id, version


class TimeTravel:
    """Opens old versions of a lake's tables. Thread-safe; caches the last few."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._snapshots: LRUCache[Any, TableSnapshot] = LRUCache(_MAX_SNAPSHOTS)

    def at_version(self, name: str, version: int, *, newest: TableSnapshot) -> PointInTime:
        """Return when a version of a table of the served build was committed.

        Raises QueryError for a version that is not there yet, VersionGoneError for one that is not any more.
        """
        if version > newest.version:
            raise QueryError(
                parameter="version",
                problem=f"{name} has come to version {newest.version}",
                accepted=f"a version up to {newest.version}",
            )
        instant_us = _commit_time_us(self._location(name, newest.build), version)
        if instant_us is None:
            raise self._gone(name, newest.build, f"version {version}")
        return PointInTime(newest.build, instant_us)

    def at_instant(self, instant_us: int) -> PointInTime:
        """Return an instant and its build. Raises VersionGoneError for one before the lake's first build."""
        build = self._catalog.build_at(instant_us)
        if build is None:
            raise VersionGoneError(
                table="lake", requested=format_us(instant_us), available="what came after its first build"
            )
        return PointInTime(build, instant_us)

    def snapshot(
        self,
        moment: PointInTime,
        names: tuple[str, ...],
        *,
        optional: tuple[str, ...] = (),
        version: int | None = None,
    ) -> Snapshot:
        """Pin tables as they stood at a moment, the first of them at a ``version`` where one is given.

        Raises VersionGoneError where the log no longer reaches back to it, or one of ``names`` did not exist yet.
        """
        tables: dict[str, TableSnapshot] = {}
        for name in (*names, *optional):
            is_given = version is not None and name == names[0]
            at = version if is_given else self._version_at(name, moment)
            if at is not None:
                tables[name] = self._open(name, moment.build, at)
            elif name in names:
                raise self._gone(name, moment.build, format_us(moment.instant_us))
        return Snapshot(moment.build, tables, PAST)

    def _location(self, name: str, build: Build) -> LakeLocation:
        return self._catalog.table_location(name, build)

    @cachedmethod(attrgetter("_snapshots"), key=_key, lock=attrgetter("_lock"))
    def _open(self, name: str, build: Build, version: int) -> TableSnapshot:
        try:
            return open_snapshot(
                spec=TABLES[name],
                location=self._location(name, build),
                build=build,
                catalog=self._catalog,
                version=version,
            )
        except (DeltaError, LakeNotFoundError) as error:
            raise self._gone(name, build, f"version {version}") from error

    def _version_at(self, name: str, moment: PointInTime) -> int | None:
        """Return the newest version committed at or before a moment; None before the table's very first."""
        versions = self.versions(name, moment.build)
        location = self._location(name, moment.build)

        def is_later(version: int) -> bool:
            committed_us = _commit_time_us(location, version)
            return committed_us is None or committed_us > moment.instant_us

        n_before = bisect_left(versions, True, key=is_later)
        if n_before:
            return versions[n_before - 1]
        if versions and versions[0] > 0:
            raise self._gone(name, moment.build, format_us(moment.instant_us))
        return None

    def versions(self, name: str, build: Build) -> list[int]:
        """Return the versions whose commits are in the log, ascending."""
        stems = (path.rpartition("/")[2].split(".") for path in self._location(name, build).names(LOG))
        return [
            int(stem[0])
            for stem in stems
            if len(stem) == 2 and stem[1] == "json" and len(stem[0]) == _VERSION_DIGITS and stem[0].isdigit()
        ]

    def _gone(self, name: str, build: Build, requested: str) -> VersionGoneError:
        versions = self.versions(name, build)
        location = self._location(name, build)
        first_us = _commit_time_us(location, versions[0]) if versions else None
        since = "" if first_us is None else f", from {format_us(first_us)} on"
        available = f"versions {versions[0]} to {versions[-1]}{since}" if versions else "none"
        return VersionGoneError(table=name, requested=requested, available=available)


def _commit_time_us(location: LakeLocation, version: int) -> int | None:
    """Return when a version was committed, as its commit says; None where the commit is not in the log."""
    commit = read_commit(location, version)
    return None if commit is None else commit.commit_time_us
