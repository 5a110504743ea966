"""Waiting for something that another process does, with a name for what did not happen."""

import threading
import time
from collections.abc import Callable

import pytest

from lakehouse.errors import LakeNotFoundError

WAIT_SECONDS = 180.0
"""When a wait gives up: far beyond what a machine of two busy cores needs, for no test that passes waits for it."""


def wait_until(
    holds: Callable[[], bool],
    what: str,
    timeout_seconds: float = WAIT_SECONDS,
    *,
    describe_state: Callable[[], str] = str,
) -> None:
    """Return as soon as a condition holds; fail with its name, and with the state of things, after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except LakeNotFoundError:
            pass
        threading.Event().wait(0.1)
    pytest.fail(f"waited {timeout_seconds:.0f} s in vain for: {what} {describe_state()}")
