"""Command line that installs the jars of Spark and the embedded broker: `cryptoviz jars`."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, run, single_command
from lakehouse.process.settings import Settings
from streaming.errors import StreamingError
from streaming.jars.compilation import build_jar
from streaming.jars.fetching import fetch
from streaming.jars.folder import JARS, ROOT, SPARK_JARS, java_sources, let_everyone_read
from streaming.jars.ivy import pyspark_jars
from streaming.jars.lock import LOCK, read_jars_lock


def install(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of the last line")] = False,
) -> int:
    """Fetch what is missing and compile the project's own jar."""
    Settings.from_environ(os.environ)  # a wrong setting is an error of every program
    pyspark_jars()
    jars = read_jars_lock(LOCK)
    n_fetched = fetch(jars, JARS)
    n_compiled = build_jar(java_sources(ROOT), LOCK, SPARK_JARS)
    let_everyone_read(JARS)
    if as_json:
        counts = {"n_jars": len(jars), "n_fetched": n_fetched, "n_compiled": n_compiled}
        print(json.dumps({"folder": str(JARS)} | counts))
    elif n_fetched or n_compiled:
        print(f"jars: {len(jars)} jars in {JARS}, {n_fetched} of them fetched, {n_compiled} files compiled")
    else:
        print(f"jars: {len(jars)} jars in {JARS}, all in place")
    return EXIT_DONE


app = single_command(
    install,
    description="Fetches the jars of Spark and the embedded broker, with their digests checked, and compiles the\n"
    "project's own. Idempotent; needs the network only where a jar is missing, and a JDK 17 or 21.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(app, arguments, prog="python -m streaming.jars", failures=(StreamingError,))


if __name__ == "__main__":
    sys.exit(main())
