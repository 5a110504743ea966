"""One gateway process: its tail, the hub of its clients, their limits, and the notifier."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from api.live.connection_limits import ConnectionLimiter
from api.live.hub import Hub
from api.live.notifier import Notifier
from api.live.symbol_watch import SymbolWatch
from api.metrics.registry import WEBSOCKET_CLIENTS
from api.metrics.sampling import SAMPLE_SECONDS, sample_tail
from api.process.lake import open_lake
from api.tail.follower import Follower
from lakehouse.delta.position import TopicPartition
from lakehouse.process.settings import Settings
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import Tail

RESUME_SHARE = 4
"""A new process reads this share of what it may hold from before gold's position, for clients that resume."""


class Gateway:
    """The parts of the process, which run in an event loop between ``start`` and ``stop``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tail = Tail(max_messages=settings.tail_messages)
        self.hub = Hub(self.tail)
        self.connection_limiter = ConnectionLimiter(
            max_clients=settings.live_clients, max_of_address=settings.live_clients_of_address
        )
        self._notifier: Notifier | None = None
        self._tasks: list[asyncio.Task[None]] = []
        opened = open_lake(settings)
        self.symbols = SymbolWatch(opened, self.tail)
        self._follower = Follower(
            opened,
            self.tail,
            settings.kafka.for_kafka_python(),
            max_messages=settings.tail_messages,
            n_before=settings.tail_messages // RESUME_SHARE,
            on_gain=self._add_rows,
            on_jump=self.hub.add_gap,
        )

    def start(self) -> None:
        """Begin to follow Kafka. Called in the event loop."""
        self._notifier = Notifier(self.hub.dispatch)
        self._tasks = [
            asyncio.create_task(task) for task in (self._notifier.run(), self.hub.run(), self._measure())
        ]
        self._follower.start()

    async def stop(self) -> None:
        """End all tasks and the follower."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self._follower.close)

    async def _measure(self) -> None:
        while True:
            WEBSOCKET_CLIENTS.set(len(self.hub.clients))
            sample_tail(self.tail)
            await asyncio.sleep(SAMPLE_SECONDS)

    def _add_rows(self, table: str, source: TopicPartition, rows: Sequence[TailRow], end: int) -> None:
        self.hub.add_rows(table, source, rows, end)
        if rows and self._notifier is not None:
            self._notifier.notify()
