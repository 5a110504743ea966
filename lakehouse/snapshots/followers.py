"""Followers of the served build's tables: one for each table, made when it is first read."""

import logging
import threading
import time

from lakehouse.delta.catalog import Build, Catalog
from lakehouse.errors import LakeNotFoundError
from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.schema.tables import TABLES
from lakehouse.snapshots.pinned import Snapshot, TableFollower

logger = logging.getLogger(__name__)

BUILD_CHECK_SECONDS = 1.0
_N_REMEMBERED = 30
"""Versions of a rollup that the pages of a cursor may go on with: half an hour of refreshes."""


class TableFollowers:
    """Newest versions of one lake's tables. Thread-safe. ``build`` is read in place of the served one."""

    def __init__(self, catalog: Catalog, *, build: Build | None) -> None:
        self._catalog = catalog
        self._fixed_build = build
        self._lock = threading.Lock()
        self._build: Build | None = None
        self._checked_at = 0.0
        self._followers: dict[tuple[str, str], TableFollower] = {}

    def current_build(self, *, refresh: bool) -> Build:
        """Return the served build, as of BUILD_CHECK_SECONDS ago unless ``refresh``. Raises LakeNotFoundError."""
        if self._fixed_build is not None:
            return self._fixed_build
        now = time.monotonic()
        with self._lock:
            if self._build is None or refresh or now - self._checked_at > BUILD_CHECK_SECONDS:
                build = self._catalog.current_build()
                if self._build is not None and build != self._build:
                    logger.info("build switched from=%s to=%s", self._build.build_id, build.build_id)
                    self._followers = {}
                self._build, self._checked_at = build, now
            return self._build

    def snapshot(self, names: tuple[str, ...], optional: tuple[str, ...]) -> Snapshot:
        """Pin the newest version of tables, all of one build. An ``optional`` table may not exist yet.

        Optional tables are pinned first: what was derived from ``names`` holds nothing that these lack. Raises
        LakeNotFoundError where the lake or one of ``names`` does not exist.
        """
        build = self.current_build(refresh=False)
        derived = {}
        for name in optional:
            try:
                derived[name] = self.of(name, build).refresh()
            except LakeNotFoundError:
                logger.debug("optional table absent table=%s", name)
        return Snapshot(build, {name: self.of(name, build).refresh() for name in names} | derived)

    def of(self, name: str, build: Build) -> TableFollower:
        """Return the follower of a table in a build."""
        with self._lock:
            follower = self._followers.get((name, build.build_id))
            if follower is None:
                follower = TableFollower(
                    spec=TABLES[name],
                    location=self._catalog.table_location(name, build),
                    build=build,
                    catalog=self._catalog,
                    n_remembered=_N_REMEMBERED if TABLES[name] in ROLLUP_TABLES else 0,
                )
                self._followers[(name, build.build_id)] = follower
            return follower
