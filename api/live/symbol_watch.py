"""Symbols that a gateway process knows: those of the lake's tables, and those of the tail."""

import asyncio
import logging
import time
from collections.abc import Collection

import duckdb
from deltalake.exceptions import DeltaError

from api.history.symbols import known_symbols
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.tail.store import TAIL_TOPICS, Tail

logger = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
"""Seconds for which what is known of the lake is used: clients that all come back at once read it once."""


class SymbolWatch:
    """Symbols of a lake and its tail. Lives in the event loop, and reads the lake in a thread."""

    def __init__(self, lake: Lake, tail: Tail) -> None:
        self._lake = lake
        self._tail = tail
        self._lock = asyncio.Lock()
        self._known: Collection[str] = ()
        self._read_at: float | None = None

    async def known(self) -> Collection[str]:
        """Return the symbols of the lake's tables, as of some seconds ago; none where they cannot be read."""
        async with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > FRESH_SECONDS:
                self._known = await asyncio.to_thread(self._read)
                self._read_at = time.monotonic()
            return self._known

    def has(self, symbol: str, known: Collection[str]) -> bool:
        """Return whether a symbol is ``known``, or in the tail."""
        return symbol in known or any(self._tail.newest(table, symbol) is not None for table in TAIL_TOPICS)

    def _read(self) -> Collection[str]:
        try:
            return known_symbols(self._lake)
        except (LakehouseError, DeltaError, duckdb.Error) as error:
            logger.warning("symbols not read, none is called unknown error=%s", error)
            return ()
