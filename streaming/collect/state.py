"""State of a collector between two starts: small files, each replaced as a whole, after Kafka acknowledged.

Beside them are files of records, a line each, that only grow.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from lakehouse.process.durable_file import replace_file, sync_folder
from streaming.collect.errors import StateFileError

State = TypeVar("State", bound=msgspec.Struct)


class StateStore:
    """Named states in a folder; without a folder nothing is written, and ``start_dir`` has the first states."""

    def __init__(self, directory: Path | None, *, start_dir: Path | None = None) -> None:
        self._directory = directory
        self._start_dir = directory or start_dir

    def read(self, name: str, kind: type[State]) -> State:
        """Return the state of that name, or a new one where there is none. Raises: StateFileError."""
        if self._start_dir is None:
            return kind()
        path = self._start_dir / f"{name}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return kind()
        except (OSError, msgspec.MsgspecError) as error:
            raise StateFileError(path, str(error)) from error

    def write(self, name: str, state: msgspec.Struct) -> None:
        """Replace a state, atomically and durably."""
        if self._directory is not None:
            replace_file(self._directory / f"{name}.json", msgspec.json.encode(state))

    def append_lines(self, name: str, lines: Sequence[bytes], *, max_bytes: int, old_name: str) -> None:
        """Append lines to a file of that name, durably; a file beyond ``max_bytes`` replaces the old one first."""
        if self._directory is None or not lines:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / name
        if path.exists() and path.stat().st_size > max_bytes:
            path.replace(self._directory / old_name)
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut the last line short
                    file.write(b"\n")
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
