"""Benchmarks at a tiny size, as processes."""

import re
from pathlib import Path

from tests.support.python_command import run_python

BENCHMARK_SECONDS = 500.0


def figures_of(module: str, *arguments: str, path: Path | None = None) -> list[str]:
    """Return the lines with figures that `python -m MODULE` prints; fail the test where it fails.

    Programs in the folder ``path`` come before those of the machine.
    """
    environ = {} if path is None else {"PATH": f"{path}:/usr/local/bin:/usr/bin:/bin"}
    ended = run_python("-m", module, *arguments, environ=environ, timeout_seconds=BENCHMARK_SECONDS)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-4_000:]
    return [line for line in ended.stdout.splitlines() if re.search(r"\d", line)]


def matching(lines: list[str], pattern: str) -> list[str]:
    """Return the lines that have a match."""
    return [line for line in lines if re.search(pattern, line)]
