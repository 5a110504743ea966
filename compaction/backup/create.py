"""Creation of a backup while everything runs: each table at one version, none ahead of its source."""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from compaction.backup.manifest import (
    LAKE,
    METADATA,
    PREFIX,
    PRIVATE,
    RUNTIME,
    SECRET_KEY,
    BackedUpFile,
    Manifest,
    find_backups,
    inside,
    to_file,
)
from compaction.errors import BackupError
from compaction.live_files import read_live_files
from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.table import open_table
from lakehouse.errors import LakeNotFoundError
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.process.settings import Settings
from lakehouse.schema.tables import BRONZE, CORRECTIONS, GOLD_TABLES, LOSSES, TABLES

FOLDERS = ("checkpoints/analysis", "collect")
"""Below runtime_dir: the learners' state, and the collectors' state of their sources."""

_SOURCES = (*(spec.name for spec in GOLD_TABLES), BRONZE.name, LOSSES.name, CORRECTIONS.name)
PIN_ORDER = (*(name for name in TABLES if name not in _SOURCES), *_SOURCES)
"""Tables derived from gold, or committed after it, are pinned before it: as after a crash, gold may only be ahead."""

_VERSIONED = re.compile(r"(?P<version>\d{20})\..+")
_CHECKPOINT_ORDER = ("commits", "offsets")
"""Of a Spark checkpoint, first the commits, then the offsets, then states, which are kept for longer."""


@dataclass(frozen=True, slots=True)
class _Pinned:
    """A table at one version: its folder below the lake, and the data files of the version."""

    folder: str
    version: int
    position: Position
    data_files: tuple[str, ...]


class _Copier:
    """Copies files into a backup, or links those of the previous one: data files are never changed."""

    def __init__(self, folder: Path, previous: Path | None) -> None:
        self.folder = folder
        self.files: dict[str, BackedUpFile] = {}
        self._previous = previous
        self._known = {} if previous is None else Manifest.read(previous).files

    def copy(self, source: Path, name: str, *, is_immutable: bool = False) -> None:
        """Copy or link a file to its name in the backup. Raises OSError."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        known = self._known.get(name) if is_immutable else None
        if known is not None and self._previous is not None and known.size_bytes == source.stat().st_size:
            try:
                os.link(self._previous / name, target)
            except OSError:  # not on this file system, or too many links: then a copy
                pass
            else:
                self.files[name] = known
                return
        shutil.copyfile(source, target)
        self.record(name)

    def record(self, name: str) -> None:
        """Record a file that is in the backup already."""
        if name in PRIVATE:
            (self.folder / name).chmod(0o600)
        self.files[name] = to_file(self.folder / name)


def create_backup(settings: Settings, parent: Path, *, also: Sequence[str] = ()) -> tuple[Path, Manifest]:
    """Create a folder in ``parent`` with everything that a restore needs; ``also`` are more folders of runtime_dir.

    Streams, readers and collectors may go on; maintenance waits. A backup that is cut off leaves a folder without a
    manifest, which is no backup. Raises BackupError, also for a symbolic link, LakeNotFoundError or LockedError.
    """
    location, runtime = settings.lake_location(), Path(settings.runtime_dir)
    if not location.is_local:
        raise BackupError(f"{location.uri} is not on this machine: use its storage's own versions and copies")
    created = datetime.now(UTC)
    backups = find_backups(parent)
    folder = parent / f"{PREFIX}{created:%Y%m%dT%H%M%S%fZ}"
    copier = _Copier(folder, backups[-1] if backups else None)
    catalog = Catalog(location)
    build = catalog.current_build()
    try:
        with held_lock(lock_path(location, runtime), command="backup"):
            folder.mkdir(parents=True)
            pinned = dict(_pin(catalog, build))
            for table in pinned.values():
                _copy_table(location.to_path(), table, copier)
            for name in location.names("_catalog") + location.names("_maintenance/runs"):
                copier.copy(inside(location.to_path(), name), f"{LAKE}/{name}")
        without = _copy_metadata(settings, runtime, copier)
        for name in (*FOLDERS, *also):
            _copy_folder(runtime, name, copier)
    except OSError as error:
        raise BackupError(f"{folder} is incomplete: {error}") from error
    manifest = Manifest(
        created_time=created.isoformat(),
        lake_uri=location.uri,
        build_id=build.build_id,
        versions={name: table.version for name, table in pinned.items()},
        positions={name: table.position.to_json() for name, table in pinned.items()},
        without=without,
        files=copier.files,
    )
    manifest.write(folder)
    return folder, manifest


def _pin(catalog: Catalog, build: Build) -> Iterator[tuple[str, _Pinned]]:
    for name in PIN_ORDER:
        location = catalog.table_location(name, build)
        try:
            table = open_table(location, TABLES[name])
        except LakeNotFoundError:
            continue
        topic_ids = [generation.topic_id for generation in catalog.topic_generations()]
        files = read_live_files(table, TABLES[name])
        yield (
            name,
            _Pinned(
                folder=location.to_path().relative_to(catalog.location.to_path()).as_posix(),
                version=table.version(),
                position=read_position(table, topic_ids),
                data_files=tuple(unquote(file.path) for file in files),
            ),
        )


def _copy_table(lake: Path, table: _Pinned, copier: _Copier) -> None:
    """Copy the files of the pinned version, and the log up to it."""
    for name in table.data_files:
        source = inside(lake, f"{table.folder}/{name}")
        copier.copy(source, f"{LAKE}/{table.folder}/{name}", is_immutable=True)
    for path in sorted((lake / table.folder / "_delta_log").iterdir()):
        if _is_in_version(path, table.version):
            name = f"{table.folder}/_delta_log/{path.name}"
            copier.copy(inside(lake, name), f"{LAKE}/{name}")


def _is_in_version(path: Path, version: int) -> bool:
    """Return true where a file of a log belongs to the log of a version."""
    if path.name == "_last_checkpoint":
        return int(json.loads(path.read_bytes())["version"]) <= version
    match = _VERSIONED.fullmatch(path.name)
    return match is not None and int(match["version"]) <= version


def _copy_metadata(settings: Settings, runtime: Path, copier: _Copier) -> tuple[str, ...]:
    """Copy the database and the signing key; return the parts that a restore has to bring itself."""
    without = []
    database = runtime / METADATA
    if settings.database_url:
        without.append("metadata: it is in PostgreSQL; back it up with pg_dump")
    elif database.exists():
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copier.folder / METADATA)) as target,
        ):
            source.backup(target)
        copier.record(METADATA)
    if settings.secret_key:
        without.append("the secret key: it is in the environment")
    elif (runtime / SECRET_KEY).exists():
        copier.copy(inside(runtime, SECRET_KEY), f"{RUNTIME}/{SECRET_KEY}")
    return tuple(without)


def _copy_folder(runtime: Path, name: str, copier: _Copier) -> None:
    """Copy a folder while others write to it: a file that disappears before its copy was obsolete."""
    root = runtime / name
    paths = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.endswith(".tmp")]
    for path in sorted(paths, key=_rank):
        try:
            relative = path.relative_to(runtime).as_posix()
            copier.copy(inside(runtime, relative), f"{RUNTIME}/{relative}")
        except FileNotFoundError:
            continue


def _rank(path: Path) -> int:
    ranks = [_CHECKPOINT_ORDER.index(part) for part in path.parts if part in _CHECKPOINT_ORDER]
    return min(ranks, default=len(_CHECKPOINT_ORDER))
