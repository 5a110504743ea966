"""Location of a lake: a URI with storage options, and put-if-absent on small files beside the tables."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError
from obstore.store import from_url


@dataclass(frozen=True)
class LakeLocation:
    """A folder on some storage. ``uri`` always has a scheme; storage options are passed through, never logged.

    >>> LakeLocation.parse("/data/lake").uri
    'file:///data/lake'
    """

    uri: str
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @staticmethod
    def parse(text: str, storage_options: Mapping[str, str] | None = None) -> "LakeLocation":
        """Return the location of a path or a URI; a path becomes an absolute ``file:`` URI."""
        uri = text.rstrip("/") if "://" in text else Path(text).expanduser().resolve().as_uri()
        return LakeLocation(uri, dict(storage_options or {}))

    @property
    def is_local(self) -> bool:
        """True for a folder of a local file system."""
        return self.uri.startswith("file://")

    @property
    def root(self) -> str:
        """Prefix of a file's path to open it by: a local path where there is one, else the URI."""
        return str(self.to_path()) if self.is_local else self.uri

    def child(self, *parts: str) -> "LakeLocation":
        """Return a folder below it."""
        return LakeLocation("/".join((self.uri, *parts)), self.storage_options)

    def to_path(self) -> Path:
        """Return the local path. Raises ValueError for a lake that is not on a local file system."""
        if not self.is_local:
            raise ValueError(f"{self.uri} is not on a local file system")
        return Path(unquote(urlsplit(self.uri).path))

    @cached_property
    def _store(self) -> Any:
        if self.is_local:
            self.to_path().mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = dict(self.storage_options)
        return from_url(self.uri, **options)

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write a small file unless it exists. Atomic; True for exactly one of all that try."""
        try:
            obstore.put(self._store, name, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def put(self, name: str, content: bytes) -> None:
        """Write a small file, whether or not it exists. Atomic."""
        obstore.put(self._store, name, content)

    def delete(self, names: Collection[str]) -> None:
        """Remove files. Idempotent; on a local file system folders that this empties go too."""
        for name in names:
            try:
                obstore.delete(self._store, name)
            except (NotFoundError, FileNotFoundError):
                continue
        if self.is_local:
            self._remove_empty_folders(names)

    def modified_us(self, name: str) -> int:
        """Return when a file was last written, by the storage's clock."""
        modified: datetime = obstore.head(self._store, name)["last_modified"]
        return int(modified.timestamp() * 1_000_000)

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file, or None where there is none."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except (NotFoundError, FileNotFoundError):
            return None

    def open_file(self, path: str) -> Any:
        """Open a seekable file below the folder, named as a Delta log names it (percent-encoded)."""
        name = unquote(path)
        return str(self.to_path() / name) if self.is_local else obstore.open_reader(self._store, name)

    def sizes(self, folder: str) -> dict[str, int]:
        """Return {name: bytes} of the files directly or indirectly under a folder."""
        if self.is_local and not (self.to_path() / folder).is_dir():
            return {}
        listed = obstore.list(self._store, folder or None).collect()
        return {str(entry["path"]): int(entry["size"]) for entry in listed}

    def names(self, folder: str) -> list[str]:
        """Return the names directly or indirectly under a folder, sorted."""
        if self.is_local and not (self.to_path() / folder).is_dir():
            return []
        listed = obstore.list(self._store, folder).collect()
        return sorted(str(entry["path"]) for entry in listed)

    def _remove_empty_folders(self, names: Iterable[str]) -> None:
        root = self.to_path()
        folders = {
            parent for name in names for parent in (root / name).parents if parent.is_relative_to(root)
        }
        for folder in sorted(folders - {root}, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
