"""Rewrite of streaming/jars/jars.lock from setup/ivy.xml: `.venv/bin/python -m setup.jars`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from streaming.errors import StreamingError
from streaming.jars.folder import JARS
from streaming.jars.ivy import CONFIGURATIONS, JarsError, pyspark_jars, run_ivy, scratch_folder, summarize
from streaming.jars.lock import LOCK, Jar, sha256_of

IVY_MODULE = Path(__file__).with_name("ivy.xml")
LOCK_HEADER = (
    "# Written by `make lock` from setup/ivy.xml: sha256, configuration, organisation, name, revision.\n"
)


def main() -> int:
    try:
        n_jars = lock()
    except StreamingError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    print(f"setup: {n_jars} jars locked in {LOCK.name}")
    return 0


def lock() -> int:
    """Rewrite the lock with the jars that ivy.xml resolves to, without those of PySpark; return their number."""
    with scratch_folder(JARS) as scratch:
        pattern = "[conf]/[organisation]/[module]/[revision]/[artifact].[ext]"
        output = run_ivy(IVY_MODULE, scratch, pattern, use_poms=True)
        jars = [_to_jar(path) for path in (scratch / "jars").rglob("*.jar")]
    in_pyspark = {re.sub(r"-\d.*$", "", path.name) for path in pyspark_jars().glob("*.jar")}
    kept = sorted(jar for jar in jars if jar.configuration == "kafka" or jar.name not in in_pyspark)
    if {jar.configuration for jar in kept} != set(CONFIGURATIONS):
        raise JarsError(f"ivy.xml resolved to nothing\n{summarize(output)}")
    lines = [
        f"{jar.sha256} {jar.configuration} {jar.organisation} {jar.name} {jar.revision}\n" for jar in kept
    ]
    LOCK.write_text(LOCK_HEADER + "".join(lines), encoding="utf-8")
    return len(kept)


def _to_jar(path: Path) -> Jar:
    configuration, organisation, module, revision = path.parts[-5:-1]
    return Jar(configuration, organisation, module, revision, sha256_of(path))


if __name__ == "__main__":
    sys.exit(main())
