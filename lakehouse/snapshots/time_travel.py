"""Tables as they stood: at a version, or at an instant."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

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
_N_KEPT = 16


@dataclass(frozen=True, slots=True)
class PointInTime:
    """An instant in a lake's past, and the build that was served then."""

    build: Build
    instant_us: int


class TimeTravel:
    """Opens old versions of a lake's tables. Thread-safe; keeps the last few that were asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, int], TableSnapshot] = OrderedDict()

    def at_version(self, name: str, version: int, *, newest: TableSnapshot) -> PointInTime:
        """When a version of a table of the served build was committed.

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
        """Raises VersionGoneError for an instant before the lake's first build."""
        build = self._catalog.build_at(instant_us)
        if build is None:
            raise VersionGoneError(
                table="lake", asked=format_us(instant_us), available="what came after its first build"
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
        """Tables as they stood at a moment, the first of them at a ``version`` where one is given.

        Raises VersionGoneError where the log no longer reaches back to it, or one of ``names`` did not exist yet.
        """
        tables: dict[str, TableSnapshot] = {}
        for name in (*names, *optional):
            found = version if version is not None and name == names[0] else self._version_at(name, moment)
            if found is not None:
                tables[name] = self._open(name, moment.build, found)
            elif name in names:
                raise self._gone(name, moment.build, format_us(moment.instant_us))
        return Snapshot(moment.build, tables, PAST)

    def _location(self, name: str, build: Build) -> LakeLocation:
        return self._catalog.table_location(name, build)

    def _open(self, name: str, build: Build, version: int) -> TableSnapshot:
        key = (name, build.build_id, version)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        try:
            snapshot = open_snapshot(
                spec=TABLES[name],
                location=self._location(name, build),
                build=build,
                catalog=self._catalog,
                version=version,
            )
        except (DeltaError, LakeNotFoundError) as error:
            raise self._gone(name, build, f"version {version}") from error
        with self._lock:
            self._kept[key] = snapshot
            while len(self._kept) > _N_KEPT:
                self._kept.popitem(last=False)
        return snapshot

    def _version_at(self, name: str, moment: PointInTime) -> int | None:
        """The newest version committed at or before a moment; None before the table's very first."""
        versions = self.versions(name, moment.build)
        location = self._location(name, moment.build)
        low, high = 0, len(versions)
        while low < high:
            middle = (low + high) // 2
            committed_us = _commit_time_us(location, versions[middle])
            if committed_us is not None and committed_us <= moment.instant_us:
                low = middle + 1
            else:
                high = middle
        if low:
            return versions[low - 1]
        if versions and versions[0] > 0:
            raise self._gone(name, moment.build, format_us(moment.instant_us))
        return None

    def versions(self, name: str, build: Build) -> list[int]:
        """Versions whose commits are in the log, ascending."""
        stems = (path.rpartition("/")[2].split(".") for path in self._location(name, build).names(LOG))
        return [
            int(stem[0])
            for stem in stems
            if len(stem) == 2 and stem[1] == "json" and len(stem[0]) == _VERSION_DIGITS and stem[0].isdigit()
        ]

    def _gone(self, name: str, build: Build, asked: str) -> VersionGoneError:
        versions = self.versions(name, build)
        location = self._location(name, build)
        first_us = _commit_time_us(location, versions[0]) if versions else None
        since = "" if first_us is None else f", from {format_us(first_us)} on"
        available = f"versions {versions[0]} to {versions[-1]}{since}" if versions else "none"
        return VersionGoneError(table=name, asked=asked, available=available)


def _commit_time_us(location: LakeLocation, version: int) -> int | None:
    """Return when a version was committed, as its commit says; None where the commit is not in the log."""
    commit = read_commit(location, version)
    return None if commit is None else commit.commit_time_us
