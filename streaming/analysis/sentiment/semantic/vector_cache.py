"""Cache of vectors by text: the most recent in memory, more of them in a file that all processes share."""

import hashlib
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from streaming.analysis.sentiment.semantic.packed_model import Floats

logger = logging.getLogger(__name__)

# A vector has 1.5 kB: 12 MB a process, and 300 MB on disk.
MAX_IN_MEMORY = 8_000
MAX_ON_DISK = 200_000
_REMOVED_AT_ONCE = 1_000
_BUSY_SECONDS = 5.0
_DTYPE = "<f4"
_CREATE = "CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, text BLOB UNIQUE NOT NULL, vector BLOB NOT NULL)"
_FIND = "SELECT vector FROM vectors WHERE text = ?"
_ADD = "INSERT OR IGNORE INTO vectors (text, vector) VALUES (?, ?)"
_REMOVE_OLDEST = "DELETE FROM vectors WHERE id <= (SELECT max(id) FROM vectors) - ?"


class VectorCache:
    """Bounded cache of what ``encode`` gives. A vector from the cache is equal to one encoded anew, bit for bit.

    Safe for processes that share the file. A file that cannot be used costs only the repeats: it is logged once.
    """

    def __init__(self, encode: Callable[[str], Floats], *, path: Path | None, width: int) -> None:
        self._encode = encode
        self._n_bytes = width * np.dtype(_DTYPE).itemsize
        self._recent: LRUCache[str, Floats] = LRUCache(MAX_IN_MEMORY)
        self._file = None if path is None else _open(path)
        self._n_added = 0

    def get(self, text: str) -> Floats:
        """Return the vector of a text."""
        vector = self._recent.get(text)
        if vector is None:
            vector = self._recent[text] = self._from_file(text)
        return vector

    def _from_file(self, text: str) -> Floats:
        key = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        try:
            found = self._file and self._file.execute(_FIND, (key,)).fetchone()
            if found and len(found[0]) == self._n_bytes:
                return np.frombuffer(found[0], _DTYPE)
            vector = self._encode(text)
            if self._file:
                self._add(self._file, key, vector)
        except sqlite3.Error as error:
            logger.warning("vectors are cached in memory alone error=%s", error)
            self._file = None
            return self._encode(text)
        return vector

    def _add(self, file: sqlite3.Connection, key: bytes, vector: Floats) -> None:
        file.execute(_ADD, (key, vector.astype(_DTYPE).tobytes()))
        self._n_added += 1
        if self._n_added % _REMOVED_AT_ONCE == 0:
            file.execute(_REMOVE_OLDEST, (MAX_ON_DISK,))


def _open(path: Path) -> sqlite3.Connection | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _connect(path)
    except (OSError, sqlite3.Error) as error:
        logger.warning("vectors are cached in memory alone file=%s error=%s", path, error)
        return None


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection that commits each statement; a damaged file is made anew."""
    try:
        return _prepare(path)
    except sqlite3.DatabaseError:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            with suppress(FileNotFoundError):
                path.with_name(name).unlink()
        return _prepare(path)


def _prepare(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = OFF")  # what a power cut loses is encoded again
    file.execute(_CREATE)
    return file
