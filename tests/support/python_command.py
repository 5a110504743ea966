"""Python programs of this project run to their end: `python -m compaction ...`, `python -c ...`, `manage.py ...`."""

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.support.processes import ROOT, clean_environ

TIMEOUT_SECONDS = 300.0


def run_python(
    *arguments: str, environ: Mapping[str, str] | None = None, timeout_seconds: float = TIMEOUT_SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Run `python ARGUMENTS` in the project's folder, in a process of its own, and return what it printed.

    The environment is this process's without its CRYPTOVIZ_* variables, and with those of ``environ``. The runtime
    folder goes away afterwards where ``environ`` names none.

    Raises:
        TimeoutError: it did not end; the message holds what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="cryptoviz-command-") as folder:
        stdout, stderr = Path(folder) / "stdout", Path(folder) / "stderr"
        stdout.touch()
        stderr.touch()
        request = {
            "arguments": arguments,
            "environ": clean_environ({"CRYPTOVIZ_RUNTIME_DIR": folder} | dict(environ or {})),
            "stdout": str(stdout),
            "stderr": str(stderr),
        }
        exit_code = _ask(_fork_server(), json.dumps(request), timeout_seconds)
        if exit_code is None:
            raise TimeoutError(f"{arguments} does not end: {stdout.read_text()}{stderr.read_text()}")
        return subprocess.CompletedProcess(
            arguments, exit_code, stdout.read_text(errors="replace"), stderr.read_text(errors="replace")
        )


def _ask(server: "subprocess.Popen[str]", request: str, timeout_seconds: float) -> int | None:
    """Return the exit code; None after the timeout, when the server and its program are killed."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(f"{request}\n")
    server.stdin.flush()
    readable, _, _ = select.select([server.stdout], [], [], timeout_seconds)
    line = server.stdout.readline() if readable else ""
    if line:
        return int(line)
    _end(server)
    return None


@cache
def _fork_server() -> "subprocess.Popen[str]":
    """Start the server of this process, once."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.fork_server"],
        cwd=ROOT,
        env=clean_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(_end, server)
    return server


def end_fork_server() -> None:
    """End the server of this process, where there is one."""
    if _fork_server.cache_info().currsize:
        _end(_fork_server())


def _end(server: "subprocess.Popen[str]") -> None:
    _fork_server.cache_clear()
    atexit.unregister(_end)
    if server.poll() is None:
        os.killpg(server.pid, 9)
    server.communicate()
