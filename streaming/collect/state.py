"""State of a collector between two starts: small files, each replaced as a whole, after Kafka acknowledged."""

from pathlib import Path
from typing import TypeVar

import msgspec

from lakehouse.process.durable_file import replace_file
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
