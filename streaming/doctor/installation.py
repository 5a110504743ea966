"""Checks of this machine: packages, Java, jars, disk."""

import re
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lakehouse.process.settings import Settings
from streaming.doctor.findings import FAIL, OK, WARN, Finding
from streaming.errors import StreamingError
from streaming.jars.folder import INSTALL_HINT
from streaming.jars.lock import read_jars_lock
from streaming.spark.java import find_jdk

LOW_BYTES, FULL_BYTES = 5_000_000_000, 1_000_000_000
_PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)


def examine_packages(lock: Path) -> Finding:
    """Compare with the lock of a checkout; an installed wheel has none, and pip has seen to its requirements."""
    if not lock.is_file():
        detail = f"cryptoviz {version('cryptoviz')} as a wheel, Python {sys.version.split()[0]}"
        return Finding("packages", OK, detail)
    wrong = []
    for name, pinned, condition in _PIN.findall(lock.read_text()):
        if condition:
            continue  # of another platform or Python, or not
        try:
            if (installed := version(name)) != pinned:
                wrong.append(f"{name} {installed}, not {pinned}")
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
    if wrong:
        return Finding("packages", FAIL, ", ".join(wrong[:5]), "make setup")
    return Finding("packages", OK, f"as {lock.name} says, Python {sys.version.split()[0]}")


def examine_java(environ: Mapping[str, str]) -> Finding:
    try:
        jdk = find_jdk(environ)
    except StreamingError as error:
        return Finding("java", FAIL, str(error), "install a JDK 17 or 21, or set JAVA_HOME")
    return Finding("java", OK, f"JDK {jdk.major} at {jdk.home}")


def examine_jars(lock: Path, folder: Path) -> Finding:
    locked = read_jars_lock(lock)
    try:
        missing = [str(jar.path) for jar in locked if not (folder / jar.path).is_file()]
    except PermissionError as error:
        detail = f"this user may not read {error.filename}"
        return Finding("jars", FAIL, detail, f"as the user who installed them: {INSTALL_HINT}")
    if missing:
        return Finding("jars", FAIL, f"{len(missing)} of {len(locked)} missing: {missing[0]}", INSTALL_HINT)
    return Finding("jars", OK, f"{len(locked)} in place")


def examine_disk(settings: Settings) -> Finding:
    location = settings.lake_location()
    folder = location.to_path() if location.is_local else settings.runtime_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    advice = "python -m compaction vacuum, expire; or a larger disk"
    if free < FULL_BYTES:
        return Finding("disk", FAIL, detail, advice)
    return Finding("disk", WARN, detail, advice) if free < LOW_BYTES else Finding("disk", OK, detail)
