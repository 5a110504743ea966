"""Manifest of a backup: every file with its size and digest, and the version and position of each table."""

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
SECRET_KEY = "secret_key"
PRIVATE = (METADATA, f"{RUNTIME}/{SECRET_KEY}")
"""Files with session keys, password hashes and the signing key: nobody but their owner may read them."""
PREFIX = "backup-"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """Size and digest of a file."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Content of a backup, written last, so that a folder with one is complete. Versions and positions are by table."""

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
        """Write durably, after every file that it names."""
        document = {"format": FORMAT, **asdict(self)}
        os.sync()
        replace_file(folder / MANIFEST, (json.dumps(document, indent=1) + "\n").encode())

    @staticmethod
    def read(folder: Path) -> "Manifest":
        """Read a folder's manifest. Raises BackupError where there is none, or one of another format."""
        try:
            document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if document.pop("format") != FORMAT:
                raise BackupError(f"{folder} is a backup of another format than {FORMAT}")
            files = {path: BackedUpFile(**file) for path, file in document.pop("files").items()}
            return Manifest(files=files, without=tuple(document.pop("without")), **document)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{folder} is no complete backup: its {MANIFEST} cannot be read") from error


def find_backups(parent: Path) -> list[Path]:
    """Return the complete backups in a folder, oldest first."""
    return sorted(path.parent for path in parent.glob(f"{PREFIX}*/{MANIFEST}"))


def find_older(parent: Path, *, n_kept: int) -> list[Path]:
    """Return the folders older than the newest ``n_kept`` backups, incomplete ones as well."""
    newest = find_backups(parent)[-n_kept:]
    return [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if newest and folder.name < newest[0].name]


def find_problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a message for every file that is missing or damaged. Reads all of them."""
    for path, file in manifest.files.items():
        try:
            current = to_file(inside(folder, path))
        except BackupError as error:
            yield str(error)
            continue
        except OSError as error:
            yield f"{path}: {error.strerror}"
            continue
        if current != file:
            yield f"{path}: it is not what was written ({current.size_bytes} bytes of {file.size_bytes})"


def inside(root: Path, name: str) -> Path:
    """Return the path of a file below a folder. Raises BackupError where a symbolic link or `..` leads elsewhere."""
    path = root / name
    if path.resolve() != root.resolve() / name:
        raise BackupError(f"{path} leads through a symbolic link, or out of {root}: no backup follows it")
    return path


def to_file(path: Path) -> BackedUpFile:
    """Measure a file on disk. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return BackedUpFile(file.tell(), digest)
