"""One client of the WebSocket: what it follows, and the frames that wait for it. Lives in the event loop."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.live.frames import Frame
from api.metrics.registry import WEBSOCKET_SLOW_CLIENTS

SLOW = 4408
"""Close code: the client did not read fast enough. It may come back, and resume."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a client is reached: ``send`` waits while it does not read, ``abort`` ends the connection at once."""

    send: Callable[[Frame], Awaitable[None]]
    abort: Callable[[], None]


class Client:
    """Takes frames at any time and sends them in order. One that lets ``max_bytes`` wait is cut off.

    What it has missed itself, and asked for, does not count: ``offer`` with ``is_replay``.
    """

    __slots__ = (
        "_max_bytes",
        "_queue",
        "_task",
        "_wire",
        "closed",
        "last_frame_at",
        "n_replayed",
        "n_waiting_bytes",
        "subscriptions",
        "waiting_since",
    )

    def __init__(self, wire: Wire, *, max_bytes: int) -> None:
        self._wire = wire
        self._max_bytes = max_bytes
        self._queue: deque[tuple[Frame, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self.n_waiting_bytes = self.n_replayed = 0
        self.waiting_since: float | None = None
        self.last_frame_at = time.monotonic()
        self.closed = False
        self.subscriptions: set[tuple[str, str]] = set()
        """(table, symbol)"""

    def offer(self, frame: Frame, *, is_replay: bool = False) -> None:
        if self.closed:
            return
        if is_replay:
            self.n_replayed += 1
        else:
            self.n_waiting_bytes += len(frame)
            if self.n_waiting_bytes > self._max_bytes:
                self.cut_off()
                return
        self._queue.append((frame, is_replay))
        self.last_frame_at = time.monotonic()
        if self._task is None:
            self.waiting_since = self.last_frame_at
            self._task = asyncio.get_running_loop().create_task(self._flush())

    async def drained(self) -> None:
        """Returns when nothing waits any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def cut_off(self) -> None:
        """Ends the connection at once: a frame that says why would wait behind those that are not read."""
        WEBSOCKET_SLOW_CLIENTS.inc()
        self.close()
        self._wire.abort()

    def close(self) -> None:
        """Forgets what waits. Idempotent."""
        self.closed = True
        self._queue.clear()
        if self._task is not None:
            self._task.cancel()

    async def _flush(self) -> None:
        try:
            while self._queue:
                frame, is_replay = self._queue.popleft()
                await self._wire.send(frame)
                self.waiting_since = time.monotonic()
                if is_replay:
                    self.n_replayed -= 1
                else:
                    self.n_waiting_bytes -= len(frame)
        except Exception:  # noqa: BLE001  whatever the server says of a connection that is gone
            self.closed = True
        finally:
            self._task, self.waiting_since = None, None
