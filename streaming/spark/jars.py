"""Jars that Spark and the broker run on, as setup/jars.lock names them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from streaming.errors import SparkSettingsError


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


def pyspark_jars() -> Path:
    """Return the folder of PySpark's own jars. Raises: SparkSettingsError where PySpark is not installed."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SparkSettingsError("PySpark is not installed: run `make setup`")
    return Path(spec.origin).parent / "jars"


def read_jars_lock(lock: Path) -> list[Jar]:
    """Return every jar of a lock file; lines that begin with # are comments."""
    jars = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        sha256, configuration, organisation, name, revision = line.split()
        jars.append(Jar(configuration, organisation, name, revision, sha256))
    return jars
