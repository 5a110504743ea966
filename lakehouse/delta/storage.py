"""Location of a lake: a URI with storage options, and put-if-absent on small files beside the tables."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import from_url

from lakehouse.errors import StorageError

# obstore takes those of connections by themselves; delta-rs takes them among the others.
_CLIENT_OPTIONS: Final = frozenset(
    (
        "allow_http", "allow_invalid_certificates", "connect_timeout", "default_content_type", "http1_only",
        "http2_keep_alive_interval", "http2_keep_alive_timeout", "http2_keep_alive_while_idle", "http2_only",
        "http2_max_frame_size", "pool_idle_timeout", "pool_max_idle_per_host", "proxy_ca_certificate",
        "proxy_excludes", "proxy_url", "randomize_addresses", "read_timeout", "root_certificate", "timeout",
        "user_agent",
    )
)  # fmt: skip
_ALIASES: Final = {"aws_allow_http": "allow_http"}
_DELTA_RS_OPTIONS: Final = frozenset(
    ("aws_s3_allow_unsafe_rename", "aws_s3_locking_provider", "max_retries", "retry_timeout")
)


@contextmanager
def _as_storage_error(uri: str) -> Iterator[None]:
    """Turn what a storage raises into StorageError, in one line: obstore adds its Rust structures to each message."""
    try:
        yield
    except (BaseError, ValueError) as error:
        raise StorageError(uri=uri, problem=str(error).partition("\n")[0]) from error


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
        """Return the location of a path or a URI; a path becomes an absolute ``file:`` URI.

        A `~` that is nobody's home stays as it is, as in a shell.
        """
        uri = text.rstrip("/") if "://" in text else Path(os.path.expanduser(text)).resolve().as_uri()
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
        config: Any = {}
        client: Any = {}
        for name, value in self.storage_options.items():
            option = _ALIASES.get(name.lower(), name.lower())
            if option in _CLIENT_OPTIONS:
                client[option] = value
            elif option not in _DELTA_RS_OPTIONS:
                config[name] = value
        with _as_storage_error(self.uri):
            return from_url(self.uri, config=config, client_options=client)

    def check(self) -> None:
        """Check location and options without a request to a storage. Raises: StorageError."""
        if not self.is_local:
            _ = self._store

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write a small file unless it exists. Atomic; True for exactly one of all that try."""
        with _as_storage_error(self.uri):
            try:
                obstore.put(self._store, name, content, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def put(self, name: str, content: bytes) -> None:
        """Write a small file, whether or not it exists. Atomic."""
        with _as_storage_error(self.uri):
            obstore.put(self._store, name, content)

    def delete(self, names: Collection[str]) -> None:
        """Remove files. Idempotent; on a local file system folders that this empties go too."""
        for name in names:
            with _as_storage_error(self.uri), suppress(NotFoundError, FileNotFoundError):
                obstore.delete(self._store, name)
        if self.is_local:
            self._remove_empty_folders(names)

    def modified_us(self, name: str) -> int:
        """Return when a file was last written, by the storage's clock."""
        with _as_storage_error(self.uri):
            modified: datetime = obstore.head(self._store, name)["last_modified"]
        return int(modified.timestamp() * 1_000_000)

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file, or None where there is none."""
        with _as_storage_error(self.uri), suppress(NotFoundError, FileNotFoundError):
            return bytes(obstore.get(self._store, name).bytes())
        return None

    def open_file(self, path: str) -> Any:
        """Open a seekable file below the folder, named as a Delta log names it (percent-encoded)."""
        name = unquote(path)
        if self.is_local:
            return str(self.to_path() / name)
        with _as_storage_error(self.uri):
            return obstore.open_reader(self._store, name)

    def sizes(self, folder: str) -> dict[str, int]:
        """Return {name: bytes} of the files directly or indirectly under a folder."""
        if self.is_local and not (self.to_path() / folder).is_dir():
            return {}
        with _as_storage_error(self.uri):
            listed = obstore.list(self._store, folder or None).collect()
        return {str(entry["path"]): int(entry["size"]) for entry in listed}

    def names(self, folder: str) -> list[str]:
        """Return the names directly or indirectly under a folder, sorted."""
        if self.is_local and not (self.to_path() / folder).is_dir():
            return []
        with _as_storage_error(self.uri):
            listed = obstore.list(self._store, folder).collect()
        return sorted(str(entry["path"]) for entry in listed)

    def links(self, folder: str) -> list[str]:
        """Return the symbolic links under a folder of a local file system, sorted; other storage has none."""
        if not self.is_local:
            return []
        root = self.to_path()
        return sorted(
            entry.relative_to(root).as_posix()
            for parent, folders, files in os.walk(root / folder)
            for name in (*folders, *files)
            if (entry := Path(parent, name)).is_symlink()
        )

    def _remove_empty_folders(self, names: Iterable[str]) -> None:
        root = self.to_path()
        folders = {
            parent for name in names for parent in (root / name).parents if parent.is_relative_to(root)
        }
        for folder in sorted(folders - {root}, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
