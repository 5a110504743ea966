"""The offline world of a test: at a pace of its own, stopped at an instant, and asked what it gave."""

import threading
import time
from collections.abc import Callable, Collection, Iterable

from streaming.offline.http_server import World
from streaming.offline.news_wire import OUTLETS
from tests.support.world_accounting import Given


class WorldClock:
    """Clock that runs ``speed`` times as fast as the true one, never ahead of it, until it is stopped."""

    def __init__(self, start_us: int, *, speed: float) -> None:
        self._start_us = start_us
        self._speed = speed
        self._begun_ns = time.monotonic_ns()
        self._latest_us = start_us
        self._is_stopped = False
        self._lock = threading.Lock()

    def __call__(self) -> int:
        """Return its time, which never goes back and, for no thread, beyond the instant at which it is stopped."""
        with self._lock:
            if not self._is_stopped:
                passed_us = (time.monotonic_ns() - self._begun_ns) / 1_000
                now_us = min(self._start_us + round(passed_us * self._speed), time.time_ns() // 1_000)
                self._latest_us = max(self._latest_us, now_us)
            return self._latest_us

    @property
    def is_live(self) -> bool:
        """Whether it has caught up with the true time."""
        return self() >= time.time_ns() // 1_000 - 1_000_000

    def stop(self) -> int:
        """Stand still from now on, and return that instant."""
        with self._lock:
            self._is_stopped = True
            return self._latest_us


def given_until(
    world: World,
    until_us: int,
    *,
    first_us: int,
    symbols: Iterable[str],
    is_withheld: Callable[[int], bool],
    outlets: Collection[str] = tuple(OUTLETS),
) -> Given:
    """Return what a world that gives nothing of before ``first_us`` gave until an instant."""
    trades = {symbol: world.exchange.trades_given(symbol, first_us, until_us) for symbol in symbols}
    return Given(
        texts=[each for each in world.texts_given(first_us, until_us) if each.outlet in outlets],
        trades=trades,
        withheld={
            symbol: frozenset(filter(is_withheld, each.numbers.tolist())) for symbol, each in trades.items()
        },
    )
