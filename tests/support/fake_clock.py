"""Clock of a child process that a test steps while it runs: libfaketime, whose offset is read from a file."""

from pathlib import Path

_LIBRARIES = "*/faketime/libfaketimeMT.so.1"


class FakeClock:
    """Wall clock of processes with its ``environ``; their monotonic clock and the times of files stay true."""

    def __init__(self, path: Path) -> None:
        """Begin with the true time. Raises: FileNotFoundError without libfaketime, which `make test` installs."""
        self._path = path
        self.offset_seconds = 0
        self.step_to(0)
        self.environ = {
            "LD_PRELOAD": str(_find_library()),
            "FAKETIME_TIMESTAMP_FILE": str(path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }

    def step_to(self, offset_seconds: int) -> None:
        """Set the clock this far ahead of the true time, at once; a negative number is behind it."""
        self.offset_seconds = offset_seconds
        new = self._path.with_suffix(".new")
        new.write_text(f"{offset_seconds:+d}\n", encoding="ascii")
        new.replace(self._path)


def _find_library() -> Path:
    for folder in (Path("/usr/lib"), Path("/usr/local/lib")):
        for path in sorted(folder.glob(_LIBRARIES)):
            return path
    raise FileNotFoundError("libfaketime is missing: `make test` installs it (Debian: faketime)")
