"""Notification of gateway processes, through the channel layer, that rows have come.

A notification has no content. Kafka is the record: one that is lost, late or doubled changes no series. Where the layer
does not answer, this process goes on by itself.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

GROUP = "flux"
NOTIFICATION = {"type": "flux.notification"}
SEND_SECONDS = 0.5
RETRY_SECONDS = 1.0
REJOIN_SECONDS = 60.0
_CONNECTION_ERRORS = (OSError, RedisError, TimeoutError, RuntimeError)


class Notifier:
    """Sender and listener of one process. ``on_notification`` is called in the event loop, after each ``notify``."""

    def __init__(self, on_notification: Callable[[], None]) -> None:
        self._on_notification = on_notification
        self._loop = asyncio.get_running_loop()
        self._is_due = asyncio.Event()
        self._is_connected = True
        self._listens = False

    def notify(self) -> None:
        """Notify every process that rows have come. Thread-safe."""
        self._loop.call_soon_threadsafe(self._is_due.set)

    async def run(self) -> None:
        """Send and listen until cancelled."""
        await asyncio.gather(self._send(), self._listen())

    async def _send(self) -> None:
        """Send one notification at a time: rows that come meanwhile are part of the next one."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            layer = get_channel_layer()
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await layer.group_send(GROUP, NOTIFICATION)
                self._log_change(is_connected=True)
            except _CONNECTION_ERRORS as error:
                self._log_change(is_connected=False, error=error)
                self._on_notification()
            if not self._listens:
                self._on_notification()

    async def _listen(self) -> None:
        while True:
            layer = get_channel_layer()
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self._listens = True
                self._on_notification()
                joined_at = time.monotonic()
                while time.monotonic() - joined_at < REJOIN_SECONDS:
                    try:
                        async with asyncio.timeout(REJOIN_SECONDS):
                            await layer.receive(channel)
                    except TimeoutError:
                        break
                    self._on_notification()
                await layer.group_discard(GROUP, channel)
            except _CONNECTION_ERRORS as error:
                self._listens = False
                self._log_change(is_connected=False, error=error)
                await asyncio.sleep(RETRY_SECONDS)

    def _log_change(self, *, is_connected: bool, error: BaseException | None = None) -> None:
        if is_connected != self._is_connected:
            self._is_connected = is_connected
            state = "answers again" if is_connected else "does not answer"
            logger.warning("channel layer %s error=%s", state, error)
