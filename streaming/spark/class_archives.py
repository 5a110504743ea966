"""Class-data archives: a JVM's classes, parsed and linked once, which later starts map into memory.

They save half the work of Spark's start and a third of the embedded broker's. `make class-archives` makes them; without
them a JVM starts as ever.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from streaming.jars.folder import ARCHIVES
from streaming.spark.java import Jdk

# An archive that the JVM refuses costs a warning on stdout, and nothing else.
_QUIET = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")


def archive_path(program: str, jdk: Jdk, class_path: Iterable[Path]) -> Path:
    """Return where the archive of a program is, made or not.

    Its name holds the digest of all that must not change: the JDK's version, and path, size and time of each jar. A JVM
    would refuse an archive of other jars too.
    """
    digest = hashlib.sha256((jdk.home / "release").read_bytes())
    for jar in class_path:
        status = jar.stat()
        digest.update(f"\n{jar} {status.st_size} {int(status.st_mtime)}".encode())
    return ARCHIVES / f"{program}-{digest.hexdigest()[:16]}.jsa"


def archive_options(archive: Path) -> tuple[str, ...]:
    """Return a JVM's options to use an archive; none where it was not made."""
    return (f"-XX:SharedArchiveFile={archive}", *_QUIET) if archive.exists() else ()


def recording_options(archive: Path) -> tuple[str, ...]:
    """Return a JVM's options to write an archive when it ends."""
    return (f"-XX:ArchiveClassesAtExit={archive}", *_QUIET)


def broker_archive(jdk: Jdk, jars: Path) -> Path:
    """Return the archive of the embedded broker with the jars of a folder."""
    return archive_path("broker", jdk, own_jars(jars))


def spark_archive(jdk: Jdk, jars: Iterable[Path]) -> Path:
    """Return the archive of Spark's driver with our jars before its own."""
    import pyspark

    home = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)
    return archive_path("spark", jdk, [*jars, *sorted((home / "jars").glob("*.jar"))])


def own_jars(jars_dir: Path) -> list[Path]:
    """Return the jars of a folder in the order of a class path, without symbolic links: an archive knows paths."""
    return sorted(path.resolve() for path in jars_dir.glob("*.jar"))
