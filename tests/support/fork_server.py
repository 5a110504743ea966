"""Server that forks a Python program from a process which has imported the heavy modules already.

Reads one JSON object a line: `arguments` of the interpreter, `environ`, `stdout` and `stderr` (paths). Writes the exit
code of each program as a line. A fork costs 30 ms where a start with its imports costs a second or two.
"""

import gc
import importlib
import json
import os
import runpy
import sys
from typing import Any

PRELOADED = (
    "ccxt",
    "django.contrib.admin",
    "django.core.management",
    "django.db.models",
    "django.forms",
    "django.test",
    "feedparser",
    "kafka",
    "lakehouse.lake",
    "obstore",
    "psycopg",
    "pyarrow.compute",
    "rest_framework.serializers",
    "yaml",
)
"""Modules that start no thread and read no setting when they are imported."""


def main() -> None:
    """Serve until stdin ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # so that the forks share the pages of what is imported
    requests, answers = sys.stdin, sys.stdout
    for line in requests:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
            return
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(program: dict[str, Any]) -> None:
    """Run a program as a fresh interpreter would, with its own environment and standard streams."""
    gc.unfreeze()
    os.environ.clear()
    os.environ.update(program["environ"])
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        with open(program[name], "ab") as file:
            os.dup2(file.fileno(), descriptor)
    first, *rest = program["arguments"]
    if first == "-m":
        sys.argv = [rest[0], *rest[1:]]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main()
