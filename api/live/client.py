"""One client of the WebSocket: its subscriptions, and the frames that wait for it. Lives in the event loop."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.live.frames import Frame
from api.metrics.registry import WEBSOCKET_SLOW_CLIENTS


@dataclass(frozen=True, slots=True)
class Transport:
    """Connection to a client: ``send`` waits while it does not read, ``abort`` ends the connection at once."""

    send: Callable[[Frame], Awaitable[None]]
    abort: Callable[[], None]


class Client:
    """Queue of one client, which sends its frames in order. A client is disconnected when ``max_bytes`` wait.

    Replayed rows, which a client that resumes asked for, do not count: ``offer`` with ``is_replay``.
    """

    __slots__ = (
        "_max_bytes",
        "_queue",
        "_task",
        "_transport",
        "closed",
        "last_frame_at",
        "n_replayed",
        "n_waiting_bytes",
        "subscriptions",
        "waiting_since",
    )

    def __init__(self, transport: Transport, *, max_bytes: int) -> None:
        self._transport = transport
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
        """Queue a frame, or disconnect the client where too much waits already."""
        if self.closed:
            return
        if is_replay:
            self.n_replayed += 1
        else:
            self.n_waiting_bytes += len(frame)
            if self.n_waiting_bytes > self._max_bytes:
                self.disconnect()
                return
        self._queue.append((frame, is_replay))
        self.last_frame_at = time.monotonic()
        if self._task is None:
            self.waiting_since = self.last_frame_at
            self._task = asyncio.get_running_loop().create_task(self._flush())

    async def drained(self) -> None:
        """Return when no frame waits."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def disconnect(self) -> None:
        """End the connection at once: a frame with the reason would wait behind those that are not read."""
        WEBSOCKET_SLOW_CLIENTS.inc()
        self.close()
        self._transport.abort()

    def close(self) -> None:
        """Drop what waits. Idempotent."""
        self.closed = True
        self._queue.clear()
        if self._task is not None:
            self._task.cancel()

    async def _flush(self) -> None:
        try:
            while self._queue:
                frame, is_replay = self._queue.popleft()
                await self._transport.send(frame)
                self.waiting_since = time.monotonic()
                if is_replay:
                    self.n_replayed -= 1
                else:
                    self.n_waiting_bytes -= len(frame)
        except Exception:  # noqa: BLE001  servers raise many kinds for a connection that has ended
            self.closed = True
        finally:
            self._task, self.waiting_since = None, None
