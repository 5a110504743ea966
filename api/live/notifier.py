"""The doorbell: a follower rings through the channel layer, and every gateway process looks at what it has.

The ring holds nothing but that something came. Kafka is the record: a ring that is lost, late or doubled changes
no series. Where the layer does not answer, this process goes on by itself.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

GROUP = "flux"
RING = {"type": "flux.ring"}
ANSWER_SECONDS = 0.5
RETRY_SECONDS = 1.0
REJOIN_SECONDS = 60.0
_GONE = (OSError, RedisError, TimeoutError, RuntimeError)


class Notifier:
    """One for each process; ``on_ring`` is called in the event loop, at least once after each ``ring``."""

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self._on_ring = on_ring
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._is_well = True
        self._listens = False

    def ring(self) -> None:
        """Something came. Called in any thread."""
        self._loop.call_soon_threadsafe(self._rung.set)

    async def run(self) -> None:
        """Rings and listens until it is cancelled."""
        await asyncio.gather(self._send(), self._listen())

    async def _send(self) -> None:
        """One ring at a time: what came meanwhile is in the next one."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            layer = get_channel_layer()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await layer.group_send(GROUP, RING)
                self._tell(True)
            except _GONE as error:
                self._tell(False, error)
                self._on_ring()
            if not self._listens:
                self._on_ring()

    async def _listen(self) -> None:
        while True:
            layer = get_channel_layer()
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self._listens = True
                self._on_ring()
                joined_at = time.monotonic()
                while time.monotonic() - joined_at < REJOIN_SECONDS:
                    try:
                        async with asyncio.timeout(REJOIN_SECONDS):
                            await layer.receive(channel)
                    except TimeoutError:
                        break
                    self._on_ring()
                await layer.group_discard(GROUP, channel)
            except _GONE as error:
                self._listens = False
                self._tell(False, error)
                await asyncio.sleep(RETRY_SECONDS)

    def _tell(self, is_well: bool, error: BaseException | None = None) -> None:
        if is_well != self._is_well:
            self._is_well = is_well
            logger.warning(
                "channel layer %s error=%s", "answers again" if is_well else "does not answer", error
            )
