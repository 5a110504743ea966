"""Compiler of the project's Java sources into cryptoviz-jvm.jar."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from streaming.errors import StreamingError
from streaming.jars.fetching import OWN_JAR
from streaming.jars.ivy import pyspark_jars
from streaming.spark.java import find_jdk

DIGEST_ENTRY = "META-INF/cryptoviz-sources.sha256"
# Java 17 is the oldest that the project runs on.
JAVAC_FLAGS = ("--release", "17", "-encoding", "UTF-8", "-proc:none", "-Xlint:all,-classfile", "-nowarn")
EPOCH = (1980, 1, 1, 0, 0, 0)


class CompileError(StreamingError):
    """javac failed; the message is its output."""


def build_jar(sources_folder: Path, lock: Path, spark_jars: Path) -> int:
    """Bring the jar up to date with sources and lock, in one step, and return the number of compiled files.

    Idempotent: the jar holds the digest of its sources. Two runs make the same bytes.

    Raises: CompileError, SparkSettingsError, JavaNotFoundError.
    """
    jar = spark_jars / OWN_JAR
    sources = sorted(sources_folder.rglob("*.java"))
    digest = _digest(sources, sources_folder, lock)
    if _read_digest(jar) == digest:
        return 0
    print(f"jars: compiling {len(sources)} Java files", flush=True)
    with tempfile.TemporaryDirectory(prefix="compile-") as classes:
        _compile(sources, Path(classes), spark_jars)
        _write_jar(jar, Path(classes), digest)
    return len(sources)


def _compile(sources: Sequence[Path], classes: Path, spark_jars: Path) -> None:
    jars = [*sorted(spark_jars.glob("*.jar")), *sorted(pyspark_jars().glob("*.jar"))]
    class_path = os.pathsep.join(str(jar) for jar in jars if jar.name != OWN_JAR)
    command = [str(find_jdk().javac), *JAVAC_FLAGS, "-cp", class_path, "-d", str(classes), *map(str, sources)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise CompileError(f"javac failed\n{ran.stdout}{ran.stderr}")


def _write_jar(path: Path, classes: Path, digest: str) -> None:
    draft = path.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as jar:
        jar.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF", EPOCH), "Manifest-Version: 1.0\r\n\r\n")
        jar.writestr(zipfile.ZipInfo(DIGEST_ENTRY, EPOCH), digest)
        for compiled in sorted(classes.rglob("*.class")):
            jar.writestr(
                zipfile.ZipInfo(compiled.relative_to(classes).as_posix(), EPOCH), compiled.read_bytes()
            )
    draft.replace(path)


def _digest(sources: Sequence[Path], folder: Path, lock: Path) -> str:
    digest = hashlib.sha256(" ".join(JAVAC_FLAGS).encode())
    named = {lock.name: lock} | {path.relative_to(folder).as_posix(): path for path in sources}
    for name, path in named.items():
        content = path.read_bytes()
        digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _read_digest(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as jar:
            return jar.read(DIGEST_ENTRY).decode()
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
