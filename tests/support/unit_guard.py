"""Guard that makes a unit test fail where it starts a process or changes a file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

ALLOWED_FOLDERS = ("/dev/", "/proc/")
"""Devices, and what the kernel shows of a process: no disk."""
ALLOWED_NAMES = ("__pycache__", ".hypothesis", ".pytest_cache")
"""Caches of Python and of the test tools, which are written at any time."""
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PROCESS_EVENTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system"}
FILE_EVENTS = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate"}

_is_active = False
_is_installed = False


@contextmanager
def active() -> Iterator[None]:
    """Forbid processes and changes of files inside the block, in every thread of this process."""
    global _is_active, _is_installed
    if not _is_installed:
        sys.addaudithook(_audit)  # it cannot be removed again
        _is_installed = True
    _is_active = True
    try:
        yield
    finally:
        _is_active = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _is_active:
        return
    if event in PROCESS_EVENTS:
        pytest.fail(f"a unit test starts a process ({event}): mark it lake, or give it tmp_path")
    path = _changed_path(event, arguments)
    if path is not None and not _is_allowed(path):
        pytest.fail(f"a unit test changes {path} ({event}): mark it lake, or give it tmp_path")


def _changed_path(event: str, arguments: tuple[Any, ...]) -> str | None:
    if event in FILE_EVENTS:
        return _to_text(arguments[0])
    if event == "open" and arguments[2] & WRITE_FLAGS:
        # A folder is opened for a nameless file in it: py3langid loads its model through one.
        path = _to_text(arguments[0])
        return None if path is None or os.path.isdir(path) else path
    if event == "sqlite3.connect" and arguments[0] != ":memory:":
        return _to_text(arguments[0])
    return None


def _to_text(path: object) -> str | None:
    """Return a path as text, None for the number of a descriptor, which is open already."""
    return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else None


def _is_allowed(path: str) -> bool:
    return path.startswith(ALLOWED_FOLDERS) or any(name in path for name in ALLOWED_NAMES)
