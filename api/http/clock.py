"""The API's clock."""

import time


def now_us() -> int:
    """Return the current time in epoch microseconds."""
    return time.time_ns() // 1_000
