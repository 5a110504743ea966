"""Tables as they stood: at a version, or at an instant."""

import threading
from bisect import bisect_left
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from cachetools import LRUCache, cachedmethod
from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import LAYOUT, Build, Catalog
from lakehouse.errors import LakeNotFoundError, QueryError, VersionGoneError
from lakehouse.schema.tables import TABLES
from lakehouse.snapshots.kept_versions import Past, commit_time_us
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot, open_snapshot
from lakehouse.tail.store import PAST
from lakehouse.time_range import format_us

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
        self._past = Past(catalog, self._open_unchecked)

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
        instant_us = commit_time_us(self._past.location(name, newest.build), version)
        if instant_us is None:
            raise self.version_gone(name, newest.build, version)
        return PointInTime(newest.build, instant_us)

    def at_instant(
        self, instant_us: int, names: tuple[str, ...], *, optional: tuple[str, ...] = ()
    ) -> PointInTime:
        """Return an instant and its build.

        Raises LakeNotFoundError before there is a lake, VersionGoneError for an instant before its first build or of a
        build of an older layout, with the first instant at which tables can be read.
        """
        build = self._catalog.build_at(instant_us)
        if build is None:
            self._catalog.newest_build()
        if build is None or build.layout != LAYOUT:
            raise self.instant_gone(instant_us, names, optional)
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
            elif name in names or self._past.is_cleaned_up(name, moment.build):
                raise self.instant_gone(moment.instant_us, names, optional)
        return Snapshot(moment.build, tables, PAST)

    def newest(self, name: str, build: Build) -> TableSnapshot | None:
        """Return the newest version of a table of a build, served or not; None where it does not exist.

        Raises: VersionGoneError.
        """
        versions = self.versions(name, build)
        return self._open(name, build, versions[-1]) if versions else None

    def versions(self, name: str, build: Build) -> list[int]:
        """Return the versions whose commits are in the log, ascending."""
        return self._past.versions(name, build)

    def version_gone(self, name: str, build: Build, version: int) -> VersionGoneError:
        """Return the error for a version that cannot be read, with those that can."""
        kept = self._past.kept(name, build)
        return VersionGoneError(
            table=name, requested=f"version {version}", available="none" if kept is None else str(kept)
        )

    def instant_gone(
        self, instant_us: int, names: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> VersionGoneError:
        """Return the error for an instant at which tables cannot be read, with the first at which they can."""
        first_us = self._past.first_instant_us(names, optional)
        return VersionGoneError(
            table=", ".join(names) or "lake",
            requested=format_us(instant_us),
            available="none" if first_us is None else f"{format_us(first_us)} and later",
        )

    @cachedmethod(attrgetter("_snapshots"), key=_key, lock=attrgetter("_lock"))
    def _open(self, name: str, build: Build, version: int) -> TableSnapshot:
        try:
            return self._open_unchecked(name, build, version)
        except (DeltaError, LakeNotFoundError) as error:
            raise self.version_gone(name, build, version) from error

    def _open_unchecked(self, name: str, build: Build, version: int) -> TableSnapshot:
        return open_snapshot(
            spec=TABLES[name],
            location=self._past.location(name, build),
            build=build,
            catalog=self._catalog,
            version=version,
        )

    def _version_at(self, name: str, moment: PointInTime) -> int | None:
        """Return the newest version committed at or before a moment; None where the log has none."""
        versions = self._past.versions(name, moment.build)
        location = self._past.location(name, moment.build)

        def is_later(version: int) -> bool:
            committed_us = commit_time_us(location, version)
            return committed_us is None or committed_us > moment.instant_us

        n_before = bisect_left(versions, True, key=is_later)
        return versions[n_before - 1] if n_before else None
