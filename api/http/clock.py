"""The API's clock: the one place where a request learns what time it is."""

import time


def now_us() -> int:
    """Epoch microseconds."""
    return time.time_ns() // 1_000
