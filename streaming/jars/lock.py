"""Lock of the jars: jars.lock names each with its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("jars.lock")


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """Locked jar."""

    configuration: str
    organisation: str
    name: str
    revision: str
    sha256: str

    @property
    def path(self) -> Path:
        return Path(self.configuration) / f"{self.name}-{self.revision}.jar"


def read_jars_lock(lock: Path) -> list[Jar]:
    """Return every jar of a lock file; lines that begin with # are comments."""
    jars = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        sha256, configuration, organisation, name, revision = line.split()
        jars.append(Jar(configuration, organisation, name, revision, sha256))
    return jars


def sha256_of(path: Path) -> str:
    """Return the digest of a file, as the lock has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
