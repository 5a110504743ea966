"""Clocks of the collectors: the system's, or the instants of a recording that is played back."""

import threading
import time
from typing import Protocol

from lakehouse.process.stopping import NEVER


class Clock(Protocol):
    """The only clock that a collector reads.

    ``now_us`` is the time of day, which may be set forward and back; ``elapsed_us`` measures waits and only grows.
    """

    def now_us(self) -> int: ...

    def elapsed_us(self) -> int: ...

    def sleep(self, seconds: float) -> bool:
        """Wait, and return true where a stop was requested meanwhile."""
        ...


class SystemClock:
    """Real time; a request to stop ends every sleep at once.

    A recorder freezes it at the instant of an answer until the next sleep, so that a playback gives the same times.
    """

    def __init__(self, stopping: threading.Event = NEVER) -> None:
        self.stopping = stopping
        self._frozen_us: int | None = None

    def now_us(self) -> int:
        return time.time_ns() // 1_000 if self._frozen_us is None else self._frozen_us

    def elapsed_us(self) -> int:
        return time.monotonic_ns() // 1_000

    def sleep(self, seconds: float) -> bool:
        self._frozen_us = None
        return self.stopping.wait(seconds)

    def freeze(self) -> int:
        """Stand still from now on, until the next sleep, and return that instant."""
        self._frozen_us = None
        self._frozen_us = self.now_us()
        return self._frozen_us


class PlaybackClock:
    """The instant of the answer that is played back; sleeps return at once."""

    def __init__(self, start_us: int) -> None:
        self._now_us = start_us

    def now_us(self) -> int:
        return self._now_us

    def elapsed_us(self) -> int:
        return self._now_us

    def sleep(self, seconds: float) -> bool:
        return False

    def set(self, now_us: int) -> None:
        self._now_us = now_us
