"""Waiting for something that another process does, with a name for what did not happen."""

import threading
import time
from collections.abc import Callable

import pytest

from lakehouse.errors import LakeNotFoundError

WAIT_SECONDS = 60.0


def wait_until(holds: Callable[[], bool], what: str, timeout_seconds: float = WAIT_SECONDS) -> None:
    """Return as soon as a condition holds; fail with its name after the timeout."""
    if not holds_within(holds, timeout_seconds):
        pytest.fail(f"waited {timeout_seconds:.0f} s in vain for: {what}")


def holds_within(holds: Callable[[], bool], timeout_seconds: float) -> bool:
    """Return true as soon as a condition holds, and false after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except LakeNotFoundError:
            pass
        threading.Event().wait(0.1)
    return False
