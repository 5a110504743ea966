"""Limits of statements: how many run at once, how long one may take, in how much memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from lakehouse.errors import BusyError, CostError

REDUCE_HINT = "a shorter range, a wider interval, fewer points or a smaller limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """Limits of what statements cost. 0 is without limit.

    ``n_at_once`` statements run, one more waits up to ``wait_seconds``; one is stopped after ``run_seconds``.
    ``memory_bytes`` is for all of them together; where it is limited, nothing spills to disk.
    """

    n_at_once: int = 0
    wait_seconds: float = 0.0
    run_seconds: float = 0.0
    memory_bytes: int = 0


UNLIMITED = QueryLimits()


class QueryLimiter:
    """Lets statements through within limits. Thread-safe."""

    def __init__(self, limits: QueryLimits) -> None:
        self._limits = limits
        self._slots = threading.BoundedSemaphore(limits.n_at_once) if limits.n_at_once else None

    @contextmanager
    def passed(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Hold a slot while a statement runs on a cursor. Raises BusyError without a slot, CostError when stopped."""
        if self._slots is not None and not self._slots.acquire(timeout=self._limits.wait_seconds):
            raise BusyError(n_at_once=self._limits.n_at_once, waited_seconds=self._limits.wait_seconds)
        timer = None
        try:
            timer = self._start_timer(cursor)
            yield
        except duckdb.InterruptException as error:
            spent = f"{self._limits.run_seconds:g} s"
            raise CostError(spent=spent, accepted=REDUCE_HINT) from error
        except duckdb.OutOfMemoryException as error:
            raise CostError(spent="the memory for queries", accepted=REDUCE_HINT) from error
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()  # what comes next on this cursor is not interrupted
            if self._slots is not None:
                self._slots.release()

    def _start_timer(self, cursor: duckdb.DuckDBPyConnection) -> threading.Timer | None:
        if not self._limits.run_seconds:
            return None
        timer = threading.Timer(self._limits.run_seconds, cursor.interrupt)
        timer.daemon = True
        timer.start()
        return timer
