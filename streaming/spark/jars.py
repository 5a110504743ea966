"""Jars that Spark and the broker run on, as setup/jars.lock names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    jars = []
    for line in lines:
        sha256, configuration, organisation, name, revision = line.split()
        jars.append(Jar(configuration, organisation, name, revision, sha256))
    return jars
