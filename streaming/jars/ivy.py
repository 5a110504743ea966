"""Runs of Ivy, which PySpark brings along: it resolves and downloads jars."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streaming.errors import SparkSettingsError, StreamingError
from streaming.spark.java import find_jdk

SETTINGS = Path(__file__).with_name("ivysettings.xml")
CONFIGURATIONS = ("spark", "kafka")
_PROBLEM = re.compile(r"ERROR|FAILED|Exception|sha256 differs|invalid sha1|Host .* not found")


class JarsError(StreamingError):
    """Jars are missing or damaged after every attempt, or cannot be resolved."""


def pyspark_jars() -> Path:
    """Return the folder of PySpark's own jars. Raises: SparkSettingsError where PySpark is not installed."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SparkSettingsError("PySpark is not installed: pip install 'cryptoviz[stream]', or `make setup`")
    return Path(spec.origin).parent / "jars"


def run_ivy(module: Path, scratch: Path, pattern: str, *, use_poms: bool) -> str:
    """Retrieve the jars of a module file below ``scratch``/jars by a pattern, and return what Ivy printed.

    Ivy exits with 1 when one artifact fails; the others are kept, and another run fetches the rest.

    Raises: JarsError, SparkSettingsError, JavaNotFoundError.
    """
    ivy = next(pyspark_jars().glob("ivy-*.jar"), None)
    if ivy is None:
        raise JarsError("the Ivy jar inside PySpark is missing: install the packages again")
    java = [
        str(find_jdk().java),
        f"-Dusepoms={str(use_poms).lower()}",
        f"-Duser.home={scratch}",
        "-jar",
        str(ivy),
    ]
    files = ["-settings", str(SETTINGS), "-ivy", str(module), "-cache", str(scratch / "cache")]
    retrieved = ["-retrieve", str(scratch / "jars" / pattern), "-types", "jar", "bundle"]
    ran = subprocess.run([*java, *files, *retrieved], capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def summarize(output: str) -> str:
    """Return the first lines of the output of Ivy that name a problem."""
    problems = [line.strip() for line in output.splitlines() if _PROBLEM.search(line)]
    return "\n".join(list(dict.fromkeys(problems))[:6])


@contextmanager
def scratch_folder(jars: Path) -> Iterator[Path]:
    """Yield a folder beside the installed jars, so that moving one into its place is atomic; it goes away."""
    jars.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=jars) as folder:
        yield Path(folder)
