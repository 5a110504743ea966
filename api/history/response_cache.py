"""Cache of answers: the same request is not answered anew until something can have changed its answer.

A page changes with its table's version and with the rows of its symbol in the tail; with the end of a bucket and the
end of its grace, where they are yet to come; where its range is relative to now, with the minute. All of them are
checked each time, so that nothing stale is ever served.
"""

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from lakehouse.history.query import HistoryQuery
from lakehouse.series.buckets import bucket_start
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import MINUTE_US

_FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CachedPage:
    """A JSON page of one table at one version. ``meta`` is its envelope without ``snapshot``, which is about freshness.

    Valid at instants in [``since_us``, ``until_us``).
    """

    meta: Mapping[str, Any]
    points: bytes
    etag: str
    table: TableSnapshot
    symbol: str
    tail_lasts: Mapping[int, int]
    since_us: int
    until_us: int

    def is_valid(self, table: TableSnapshot, tail_lasts: Mapping[int, int], now_us: int) -> bool:
        """Return whether it is the answer at an instant, with its table and the tail as they stand."""
        is_same = self.table.version == table.version and self.table.build == table.build
        return is_same and self.tail_lasts == tail_lasts and self.since_us <= now_us < self.until_us


class ResponseCache:
    """The pages of one process by request, within a budget of bytes of points. Thread-safe. 0 caches nothing."""

    def __init__(self, budget_bytes: int) -> None:
        self._lock = threading.Lock()
        self._pages: LRUCache[Hashable, CachedPage] = LRUCache(
            budget_bytes, getsizeof=lambda page: len(page.points)
        )
        self.n_found = {"hit": 0, "miss": 0}
        """Requests that were answered from here, and those that were not."""

    @property
    def n_bytes(self) -> int:
        return int(self._pages.currsize)

    def get(self, request: Hashable) -> CachedPage | None:
        """Return the last page that a request was answered with; it may not be valid any more."""
        with self._lock:
            return self._pages.get(request)

    def put(self, request: Hashable, page: CachedPage) -> None:
        if len(page.points) <= self._pages.maxsize:
            with self._lock:
                self._pages[request] = page


def is_cacheable(query: HistoryQuery) -> bool:
    """Return whether a page of the question depends on one table and the clock alone."""
    is_present = query.moment is None and query.known_at_us is None
    return query.cursor is None and is_present and query.series.has_buckets


def valid_until_us(query: HistoryQuery) -> int:
    """Return until when the clock alone changes neither a page nor the range that was asked for."""
    until_us = _FOREVER
    for delay_us in () if query.is_raw else (0, query.series.grace_us):
        ended_us = query.as_of_us - delay_us
        if query.time_range.end_us > ended_us:
            until_us = min(until_us, query.grid.end(query.grid.start(ended_us)) + delay_us)
    if not {"date_debut", "date_fin"} <= query.parameters.keys():
        # Periods and steps are whole minutes: a start moves on at the full minute, an end just after it.
        minute_us = bucket_start(query.as_of_us, MINUTE_US)
        until_us = min(until_us, minute_us + (MINUTE_US if query.as_of_us > minute_us else 1))
    return until_us
