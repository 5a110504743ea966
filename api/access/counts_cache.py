"""Cache of request counts in files of JSON: Django's own file cache unpickles whatever it finds."""

import time
from pathlib import Path
from typing import IO, Any

import msgspec
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache


class CountsCache(FileBasedCache):
    """File cache of instants of requests. A file that holds anything else counts as expired."""

    cache_suffix = ".counts.json"

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        try:
            with Path(self._key_to_file(key, version)).open("rb") as file:
                return default if self._is_expired(file) else _decode_instants(file.read())
        except (FileNotFoundError, msgspec.MsgspecError):
            return default

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        found = self.get(key, None, version)
        if found is not None:
            self.set(key, found, timeout, version)
        return found is not None

    def _write_content(self, file: IO[bytes], timeout: Any, value: list[float]) -> None:
        file.write(
            msgspec.json.encode(self.get_backend_timeout(timeout)) + b"\n" + msgspec.json.encode(value)
        )

    def _is_expired(self, file: IO[bytes]) -> bool:
        """Return whether a file has expired, and remove it then; else leave it read up to its value."""
        try:
            expiry = _decode_expiry(file.readline(_MAX_EXPIRY_BYTES))
            is_expired = expiry is not None and expiry < time.time()
        except msgspec.MsgspecError:
            is_expired = True
        if is_expired:
            file.close()
            self._delete(file.name)
        return is_expired


_MAX_EXPIRY_BYTES = 40
_decode_expiry = msgspec.json.Decoder(float | None).decode
_decode_instants = msgspec.json.Decoder(list[float]).decode
