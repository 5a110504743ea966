"""Jars for Spark and the broker, resolved into setup/jars.lock and fetched from it with their digests checked.

.venv/bin/python setup/jars.py fetch    # the jars of jars.lock, into .runtime/jars/{spark,kafka}
.venv/bin/python setup/jars.py lock     # rewrites jars.lock from ivy.xml
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from streaming.errors import StreamingError
from streaming.spark.jars import Jar, pyspark_jars, read_jars_lock
from streaming.spark.java import find_jdk

LOCK = ROOT / "setup" / "jars.lock"
JARS = ROOT / ".runtime" / "jars"
N_ATTEMPTS = 4
CONFIGURATIONS = ("spark", "kafka")
PROBLEM = re.compile(r"ERROR|FAILED|Exception|sha256 differs|invalid sha1|Host .* not found")
OWN_JAR = "cryptoviz-jvm.jar"
LOCK_HEADER = (
    "# Written by `make lock` from setup/ivy.xml: sha256, configuration, organisation, name, revision.\n"
)


class JarsError(StreamingError):
    """Jars are missing or damaged after every attempt."""


def main() -> int:
    commands = {"fetch": fetch, "lock": lock}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(f"usage: jars.py {'|'.join(commands)}", file=sys.stderr)
        return 2
    try:
        commands[sys.argv[1]]()
    except StreamingError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def fetch() -> None:
    """Fetch every locked jar that is missing or damaged. Idempotent; without a network where none is."""
    jars = read_jars_lock(LOCK)
    _remove_unlocked(jars)
    missing = [jar for jar in jars if not _is_intact(JARS / jar.path, jar)]
    output = ""
    with _scratch_folder() as scratch:
        for attempt in range(1, N_ATTEMPTS + 1):
            if not missing:
                return
            print(f"setup: fetching {len(missing)} jars (attempt {attempt} of {N_ATTEMPTS})", flush=True)
            output = _fetch_once(missing, scratch)
            missing = [jar for jar in missing if not _is_intact(JARS / jar.path, jar)]
            if missing and attempt < N_ATTEMPTS:
                time.sleep(2**attempt)
    if missing:
        names = ", ".join(jar.path.name for jar in missing)
        raise JarsError(
            f"{N_ATTEMPTS} attempts left {len(missing)} jars missing or damaged (is the public Maven repository "
            f"reachable from Java? proxies go in JAVA_TOOL_OPTIONS): {names}\n{_summarize(output)}"
        )


def lock() -> None:
    """Rewrite jars.lock with the jars that ivy.xml resolves to, without those of PySpark."""
    with _scratch_folder() as scratch:
        pattern = "[conf]/[organisation]/[module]/[revision]/[artifact].[ext]"
        output = _run_ivy(ROOT / "setup" / "ivy.xml", scratch, pattern, use_poms=True)
        jars = [_to_jar(path) for path in (scratch / "jars").rglob("*.jar")]
    in_pyspark = {re.sub(r"-\d.*$", "", path.name) for path in pyspark_jars().glob("*.jar")}
    kept = sorted(jar for jar in jars if jar.configuration == "kafka" or jar.name not in in_pyspark)
    if {jar.configuration for jar in kept} != set(CONFIGURATIONS):
        raise JarsError(f"ivy.xml resolved to nothing\n{_summarize(output)}")
    lines = [
        f"{jar.sha256} {jar.configuration} {jar.organisation} {jar.name} {jar.revision}\n" for jar in kept
    ]
    LOCK.write_text(LOCK_HEADER + "".join(lines), encoding="utf-8")
    print(f"setup: {len(kept)} jars locked in {LOCK.name}")


def _fetch_once(jars: list[Jar], scratch: Path) -> str:
    """Download into a scratch folder, move each intact jar into its place, and return the output of Ivy."""
    module = scratch / "ivy.xml"
    module.write_text(_flat_module(jars), encoding="utf-8")
    output = _run_ivy(module, scratch, "[conf]/[artifact]-[revision].[ext]", use_poms=False)
    for jar in jars:
        downloaded = scratch / "jars" / jar.path
        if _is_intact(downloaded, jar):
            (JARS / jar.path).parent.mkdir(parents=True, exist_ok=True)
            downloaded.replace(JARS / jar.path)
        elif downloaded.exists():
            output += f"\n{jar.path.name}: sha256 differs from {LOCK.name}"
            shutil.rmtree(scratch / "cache", ignore_errors=True)
    return output


def _run_ivy(module: Path, scratch: Path, pattern: str, *, use_poms: bool) -> str:
    ivy = next(pyspark_jars().glob("ivy-*.jar"), None)
    if ivy is None:
        raise JarsError("the Ivy jar inside PySpark is missing: reinstall the packages")
    java = [find_jdk().java, f"-Dusepoms={str(use_poms).lower()}", f"-Duser.home={scratch}", "-jar", ivy]
    files = ["-settings", ROOT / "setup" / "ivysettings.xml", "-ivy", module, "-cache", scratch / "cache"]
    retrieved = ["-retrieve", scratch / "jars" / pattern, "-types", "jar", "bundle"]
    # Ivy exits with 1 when one artifact fails; the others are kept, and the next attempt fetches the rest.
    ran = subprocess.run([*java, *files, *retrieved], capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def _summarize(output: str) -> str:
    """Return the first lines of the output of Ivy that name a problem."""
    problems = [line.strip() for line in output.splitlines() if PROBLEM.search(line)]
    return "\n".join(list(dict.fromkeys(problems))[:6])


def _flat_module(jars: Iterable[Jar]) -> str:
    dependencies = "".join(
        f'<dependency org="{jar.organisation}" name="{jar.name}" rev="{jar.revision}" '
        f'conf="{jar.configuration}->default" transitive="false"/>'
        for jar in jars
    )
    configurations = "".join(f'<conf name="{name}"/>' for name in CONFIGURATIONS)
    return (
        '<ivy-module version="2.0"><info organisation="cryptoviz" module="jars"/>'
        f"<configurations>{configurations}</configurations><dependencies>{dependencies}</dependencies></ivy-module>"
    )


def _remove_unlocked(jars: Iterable[Jar]) -> None:
    """Remove jars that the lock does not name: of two versions the order of the class path would choose."""
    locked = {jar.path for jar in jars}
    for configuration in CONFIGURATIONS:
        for path in (JARS / configuration).glob("*.jar"):
            if path.relative_to(JARS) not in locked and path.name != OWN_JAR:
                path.unlink()
    for scratch in JARS.glob("fetch-*"):
        shutil.rmtree(scratch, ignore_errors=True)


def _to_jar(path: Path) -> Jar:
    configuration, organisation, module, revision = path.parts[-5:-1]
    return Jar(configuration, organisation, module, revision, _sha256(path))


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and _sha256(path) == jar.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    JARS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=JARS) as folder:
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
