"""What time it is for a collector: the system's clock, or that of the recording which it replays."""

import threading
import time
from typing import Protocol

from lakehouse.process.stopping import NEVER


class Clock(Protocol):
    """The only clock that a collector looks at."""

    def now_us(self) -> int: ...

    def sleep(self, seconds: float) -> bool:
        """Waits; true when it was told to stop meanwhile."""
        ...


class SystemClock:
    """Real time; a request to stop ends every sleep at once.

    A recorder holds it at the instant of an answer until the next sleep: a replay then gives the same times.
    """

    def __init__(self, stopping: threading.Event = NEVER) -> None:
        self.stopping = stopping
        self._held_us: int | None = None

    def now_us(self) -> int:
        return time.time_ns() // 1_000 if self._held_us is None else self._held_us

    def sleep(self, seconds: float) -> bool:
        self._held_us = None
        return self.stopping.wait(seconds)

    def hold(self) -> int:
        """Stands still from now on, until the next sleep; returns that instant."""
        self._held_us = None
        self._held_us = self.now_us()
        return self._held_us


class ReplayClock:
    """The instant of the response that is replayed; nobody waits."""

    def __init__(self, began_us: int) -> None:
        self._at_us = began_us

    def now_us(self) -> int:
        return self._at_us

    def sleep(self, seconds: float) -> bool:
        return False

    def set(self, at_us: int) -> None:
        self._at_us = at_us
