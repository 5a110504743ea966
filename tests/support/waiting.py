"""Waiting for something that another process does, with a name for what did not happen."""

import threading
import time
from collections.abc import Callable

import pytest

from lakehouse.errors import LakeNotFoundError

WAIT_SECONDS = 180.0
"""When a wait gives up: far beyond what a machine of two busy cores needs, for no test that passes waits for it."""
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 1.0
_PAUSE_SHARE = 4.0
"""A question that takes long is asked a fifth of the time: what is waited for needs the core."""


def wait_until(
    holds: Callable[[], bool],
    what: str,
    timeout_seconds: float = WAIT_SECONDS,
    *,
    describe_state: Callable[[], str] = str,
) -> None:
    """Return as soon as a condition holds; fail with its name, and with the state of things, after the timeout."""
    if not holds_within(holds, timeout_seconds):
        pytest.fail(f"waited {timeout_seconds:.0f} s in vain for: {what} {describe_state()}")


def holds_within(holds: Callable[[], bool], timeout_seconds: float) -> bool:
    """Return true as soon as a condition holds, and false after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while (asked_time := time.monotonic()) < deadline:
        try:
            if holds():
                return True
        except LakeNotFoundError:
            pass
        n_seconds = time.monotonic() - asked_time
        threading.Event().wait(min(max(MIN_PAUSE_SECONDS, _PAUSE_SHARE * n_seconds), MAX_PAUSE_SECONDS))
    return False
