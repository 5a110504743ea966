"""Versions that can still be read: those whose commits are in the log and whose files vacuum has left."""

import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from urllib.parse import unquote

from cachetools import TTLCache, cachedmethod
from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import LAYOUT, Build, Catalog
from lakehouse.delta.commit import LOG, read_commit
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakeNotFoundError, SchemaMismatchError
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import format_us

_VERSION_DIGITS = 20
_KEPT_SECONDS = 10.0
"""Seconds for which a first version is remembered: finding it opens versions, and any client may ask for old ones."""
_MAX_KEPT = 256


@dataclass(frozen=True, slots=True)
class KeptVersions:
    """First and last version that can be read of one table in one build, and the commit time of the first."""

    first: int
    last: int
    first_time_us: int

    def __str__(self) -> str:
        return f"versions {self.first} to {self.last}, from {format_us(self.first_time_us)} on"


def _key(_owner: object, name: str, build: Build) -> tuple[str, str]:
    return name, build.build_id


class Past:
    """Versions of its tables that a lake still has. ``open_version`` opens a table at a version. Thread-safe."""

    def __init__(self, catalog: Catalog, open_version: Callable[[str, Build, int], TableSnapshot]) -> None:
        self._catalog = catalog
        self._open_version = open_version
        self._lock = threading.Lock()
        self._kept: TTLCache[Any, KeptVersions | None] = TTLCache(_MAX_KEPT, _KEPT_SECONDS)

    def versions(self, name: str, build: Build) -> list[int]:
        """Return the versions whose commits are in the log, ascending."""
        stems = (path.rpartition("/")[2].split(".") for path in self.location(name, build).names(LOG))
        return [
            int(stem[0])
            for stem in stems
            if len(stem) == 2 and stem[1] == "json" and len(stem[0]) == _VERSION_DIGITS and stem[0].isdigit()
        ]

    def is_cleaned_up(self, name: str, build: Build) -> bool:
        """Return whether the log of a table no longer has its first commit."""
        versions = self.versions(name, build)
        return bool(versions) and versions[0] > 0

    @cachedmethod(attrgetter("_kept"), key=_key, lock=attrgetter("_lock"))
    def kept(self, name: str, build: Build) -> KeptVersions | None:
        """Return the versions of a table from which on each can be read; None where there are none.

        As of some seconds ago at most.
        """
        versions, location = self.versions(name, build), self.location(name, build)
        first = bisect_left(versions, True, key=lambda version: self._is_readable(name, build, version))
        if first == len(versions):
            return None
        first_time_us = commit_time_us(location, versions[first])
        return None if first_time_us is None else KeptVersions(versions[first], versions[-1], first_time_us)

    def first_instant_us(self, names: Iterable[str], optional: Iterable[str] = ()) -> int | None:
        """Return the first instant from which on tables can be read together; None where there is none.

        An ``optional`` table may be younger than the instant, but not cleaned up.
        """
        history = self._catalog.build_history()
        for at, (build, published_us) in enumerate(history):
            end_us = history[at + 1][1] if at + 1 < len(history) else None
            if build.layout != LAYOUT:
                continue
            kept = [self.kept(name, build) for name in names]
            if any(versions is None for versions in kept):
                continue
            kept += [versions for name in optional if (versions := self.kept(name, build)) and versions.first]
            first_us = max([published_us, *(versions.first_time_us for versions in kept if versions)])
            if end_us is None or first_us < end_us:
                return first_us
        return None

    def location(self, name: str, build: Build) -> LakeLocation:
        """Return the folder of a table in a build."""
        return self._catalog.table_location(name, build)

    def _is_readable(self, name: str, build: Build, version: int) -> bool:
        try:
            table = self._open_version(name, build, version)
        except (DeltaError, LakeNotFoundError, SchemaMismatchError):
            return False
        location = self.location(name, build)
        if location.is_local:
            return all(os.path.exists(unquote(path)) for path in table.files.paths.tolist())
        held = {f"{location.root}/{path}" for path in location.sizes("")}
        return held.issuperset(map(unquote, table.files.paths.tolist()))


def commit_time_us(location: LakeLocation, version: int) -> int | None:
    """Return when a version was committed, as its commit says; None where the commit is not in the log."""
    commit = read_commit(location, version)
    return None if commit is None else commit.commit_time_us
