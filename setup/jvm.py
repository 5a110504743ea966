"""Compiler of the project's Java sources into .runtime/jars/spark/cryptoviz-jvm.jar.

    .venv/bin/python setup/jvm.py

Compiles only when a source or the jars changed; the jar holds the digest of its sources.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from streaming.errors import StreamingError
from streaming.spark.jars import pyspark_jars
from streaming.spark.java import find_jdk

SOURCES = ROOT / "jvm" / "src"
TEST_SOURCES = SOURCES / "test"
LOCK = ROOT / "setup" / "jars.lock"
SPARK_JARS = ROOT / ".runtime" / "jars" / "spark"
JAR = SPARK_JARS / "cryptoviz-jvm.jar"
DIGEST_ENTRY = "META-INF/cryptoviz-sources.sha256"
# Java 17 is the oldest that the project runs on.
JAVAC_FLAGS = ("--release", "17", "-encoding", "UTF-8", "-proc:none", "-Xlint:all,-classfile", "-nowarn")
EPOCH = (1980, 1, 1, 0, 0, 0)


class CompileError(StreamingError):
    """javac failed; the message is its output."""


def main() -> int:
    try:
        build_jar()
    except StreamingError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def build_jar() -> None:
    """Bring the jar up to date with the sources, in one step; without sources remove it. Idempotent."""
    sources = sorted(path for path in SOURCES.rglob("*.java") if TEST_SOURCES not in path.parents)
    if not sources:
        JAR.unlink(missing_ok=True)
        return
    digest = _digest(sources)
    if _read_digest() == digest:
        return
    print(f"setup: compiling {len(sources)} Java files", flush=True)
    with tempfile.TemporaryDirectory(prefix="compile-") as classes:
        _compile(sources, Path(classes))
        _write_jar(Path(classes), digest)


def _compile(sources: list[Path], classes: Path) -> None:
    jars = [*sorted(SPARK_JARS.glob("*.jar")), *sorted(pyspark_jars().glob("*.jar"))]
    class_path = os.pathsep.join(str(jar) for jar in jars if jar != JAR)
    command = [str(find_jdk().javac), *JAVAC_FLAGS, "-cp", class_path, "-d", str(classes), *map(str, sources)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise CompileError(f"javac failed\n{ran.stdout}{ran.stderr}")


def _write_jar(classes: Path, digest: str) -> None:
    draft = JAR.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as jar:
        jar.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF", EPOCH), "Manifest-Version: 1.0\r\n\r\n")
        jar.writestr(zipfile.ZipInfo(DIGEST_ENTRY, EPOCH), digest)
        for path in sorted(classes.rglob("*.class")):
            jar.writestr(zipfile.ZipInfo(path.relative_to(classes).as_posix(), EPOCH), path.read_bytes())
    draft.replace(JAR)


def _digest(sources: list[Path]) -> str:
    digest = hashlib.sha256(" ".join(JAVAC_FLAGS).encode())
    for path in [LOCK, *sources]:
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _read_digest() -> str | None:
    try:
        with zipfile.ZipFile(JAR) as jar:
            return jar.read(DIGEST_ENTRY).decode()
    except (OSError, KeyError, zipfile.BadZipFile):
        return None


if __name__ == "__main__":
    sys.exit(main())
