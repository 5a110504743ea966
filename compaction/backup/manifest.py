"""What a backup holds: every file with its size and digest, and how far each table had come."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compaction.errors import BackupError
from lakehouse.process.durable_file import replace_file

MANIFEST = "manifest.json"
LAKE, METADATA, RUNTIME = "lake", "metadata.sqlite3", "runtime"
PREFIX = "backup-"
FORMAT = 1
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """One file, by its path below the backup."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Written last, so that a folder with one is whole. ``versions`` and ``positions`` are by table."""

    created_time: str
    lake_uri: str
    build_id: str
    versions: Mapping[str, int]
    positions: Mapping[str, Any]
    without: tuple[str, ...]
    files: Mapping[str, BackedUpFile]

    @property
    def n_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files.values())

    def write(self, folder: Path) -> None:
        """Durable, and after everything that it names."""
        document = {"format": FORMAT, **asdict(self)}
        os.sync()
        replace_file(folder / MANIFEST, (json.dumps(document, indent=1) + "\n").encode())

    @staticmethod
    def read(folder: Path) -> "Manifest":
        """Raises BackupError where the folder is no backup, or one of a format that is not known here."""
        try:
            document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if document.pop("format") != FORMAT:
                raise BackupError(f"{folder} is a backup of another format than {FORMAT}")
            files = {path: BackedUpFile(**file) for path, file in document.pop("files").items()}
            return Manifest(files=files, without=tuple(document.pop("without")), **document)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{folder} is no whole backup: its {MANIFEST} cannot be read") from error


def find_backups(parent: Path) -> list[Path]:
    """Whole backups in a folder, oldest first."""
    return sorted(path.parent for path in parent.glob(f"{PREFIX}*/{MANIFEST}"))


def find_older(parent: Path, *, n_kept: int) -> list[Path]:
    """What stands before the newest ``n_kept`` backups: whole ones, and what was cut off."""
    kept = find_backups(parent)[-n_kept:]
    return [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if kept and folder.name < kept[0].name]


def find_problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Every file that is missing or not what was written. Reads all of them."""
    for path, file in manifest.files.items():
        try:
            found = to_file(folder / path)
        except OSError as error:
            yield f"{path}: {error.strerror}"
            continue
        if found != file:
            yield f"{path}: it is not what was written ({found.size_bytes} bytes of {file.size_bytes})"


def to_file(path: Path) -> BackedUpFile:
    """A file as it is on disk. Raises OSError."""
    digest, n_bytes = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            n_bytes += len(chunk)
    return BackedUpFile(n_bytes, digest.hexdigest())
