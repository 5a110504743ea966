"""Search for the Java that Spark and the broker run on, with the standard library alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from streaming.errors import JavaNotFoundError

SUPPORTED_MAJORS = (17, 21)
USUAL_PLACES = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)


@dataclass(frozen=True, slots=True)
class Jdk:
    """Java development kit: its home folder and major version."""

    home: Path
    major: int

    @property
    def java(self) -> Path:
        return self.home / "bin" / "java"

    @property
    def javac(self) -> Path:
        return self.home / "bin" / "javac"


def find_jdk(environ: Mapping[str, str] = os.environ) -> Jdk:
    """Return the first JDK 17 or 21 (with javac) among JAVA_HOME, PATH and the usual places.

    Raises: JavaNotFoundError, in one line.
    """
    seen: list[str] = []
    for home in _candidate_homes(environ):
        major = _read_major(home)
        if major in SUPPORTED_MAJORS and (home / "bin" / "javac").exists():
            return Jdk(home=home, major=major)
        kind = "JDK" if (home / "bin" / "javac").exists() else "runtime without javac"
        description = f"{home} is a {kind} {major if major is not None else 'of unknown version'}"
        if (home / "bin" / "java").exists() and description not in seen:
            seen.append(description)
    accepted = " or ".join(map(str, SUPPORTED_MAJORS))
    raise JavaNotFoundError(
        f"JDK {accepted} (with javac) is needed ({'; '.join(seen) or 'no Java was found'}): set JAVA_HOME, "
        "or install one: `apt-get install openjdk-17-jdk-headless`, `brew install openjdk@17`"
    )


def _candidate_homes(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("JAVA_HOME"):
        yield Path(environ["JAVA_HOME"])
    for program in ("javac", "java"):
        on_path = shutil.which(program, path=environ.get("PATH", ""))
        if on_path is not None:
            yield Path(on_path).resolve().parent.parent
    if sys.platform == "darwin":
        yield from _macos_homes()
    for pattern in USUAL_PLACES:
        anchor, _, rest = os.path.expanduser(pattern).partition("*")
        parent = Path(anchor).parent if not anchor.endswith("/") else Path(anchor)
        prefix = "" if anchor.endswith("/") else Path(anchor).name
        yield from sorted(parent.glob(f"{prefix}*{rest}"))


def _macos_homes() -> Iterator[Path]:
    for major in SUPPORTED_MAJORS:
        command = ["/usr/libexec/java_home", "-F", "-v", str(major)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())


def _read_major(home: Path) -> int | None:
    """Return the major version that the `release` file of a JDK states: 17 of JAVA_VERSION="17.0.15"."""
    try:
        release = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r'^JAVA_VERSION="?(\d+)', release, flags=re.MULTILINE)
    return int(match.group(1)) if match else None
