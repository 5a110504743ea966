"""Restore of a backup to the locations of the settings, without overwriting anything."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from compaction.backup.manifest import LAKE, METADATA, PRIVATE, RUNTIME, Manifest, find_problems
from compaction.errors import BackupError
from lakehouse.process.settings import Settings

_RESTORING = ".restoring"


def restore_backup(settings: Settings, folder: Path, *, dry_run: bool) -> Manifest:
    """Restore lake, metadata and folders; every file is checked first, and nothing is overwritten.

    Raises BackupError, having changed nothing, where the backup is damaged or a target exists.
    """
    manifest = Manifest.read(folder)
    problems = list(find_problems(folder, manifest))
    if problems:
        raise BackupError(f"{folder} is damaged: {'; '.join(problems[:5])} ({len(problems)} in all)")
    lake = settings.lake_location()
    if not lake.is_local:
        raise BackupError(f"{lake.uri} is not on this machine")
    targets = dict(_targets(manifest, lake.to_path(), Path(settings.runtime_dir), settings))
    existing = [str(path) for path in targets.values() if path.exists()]
    if lake.to_path().exists() and any(lake.to_path().iterdir()):
        existing.insert(0, str(lake.to_path()))
    if existing:
        raise BackupError(f"move these away first: {', '.join(existing[:5])} ({len(existing)} in all)")
    if not dry_run:
        _copy_all(folder, targets, lake.to_path())
    return manifest


def _targets(manifest: Manifest, lake: Path, runtime: Path, settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield (file of the backup, target). Raises BackupError for a path that would leave its folder."""
    for name in manifest.files:
        part, _, rest = name.partition("/")
        if part == LAKE:
            target, root = lake / rest, lake
        elif name == METADATA:
            if settings.database_url:
                continue
            target, root = runtime / METADATA, runtime
        elif part == RUNTIME:
            target, root = runtime / rest, runtime
        else:
            raise BackupError(f"{name} is no part of a backup")
        if not target.resolve().is_relative_to(root.resolve()):
            raise BackupError(f"{name} would leave {root}")
        yield name, target


def _copy_all(folder: Path, targets: dict[str, Path], lake: Path) -> None:
    """Copy everything; the lake comes last, by one rename, so that no reader sees half of it."""
    half = lake.with_name(lake.name + _RESTORING)
    shutil.rmtree(half, ignore_errors=True)
    try:
        for name, target in targets.items():
            path = half / target.relative_to(lake) if name.startswith(f"{LAKE}/") else target
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, path)
            if name in PRIVATE:
                path.chmod(0o600)
        if lake.exists():
            lake.rmdir()
        os.rename(half, lake)
    except OSError as error:
        raise BackupError(f"not restored: {error}") from error
