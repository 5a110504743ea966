"""Answers that were given lately: the same request is not worked out again until something can have changed its answer.

A page changes with its table's version and with what the tail has of its symbol; where its newest bucket is open or yet
to come, with that bucket's end; where
its range is relative to now, with the minute. All of them are looked at each time, so that nothing kept is ever stale.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.history.query import HistoryQuery
from lakehouse.series.buckets import BUCKET_WIDTHS_US, RAW, bucket_start
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import MINUTE_US

_FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CachedPage:
    """A JSON page of one table at one version, without what its envelope says about freshness.

    True of instants in [``since_us``, ``until_us``).
    """

    requete: Mapping[str, Any]
    suivant: str | None
    complet: bool
    horizon: str | None
    points: bytes
    etag: str
    table: TableSnapshot
    symbol: str
    tail_lasts: Mapping[int, int]
    since_us: int
    until_us: int

    def is_true(self, table: TableSnapshot, tail_lasts: Mapping[int, int], now_us: int) -> bool:
        """Whether it is the answer at an instant, with its table and the tail as they stand."""
        is_same = self.table.version == table.version and self.table.build == table.build
        return is_same and self.tail_lasts == tail_lasts and self.since_us <= now_us < self.until_us


class ResponseCache:
    """The pages of one process by request, least recently used first out. Thread-safe. A budget of 0 keeps none."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self._n_bytes = 0
        self.n_found = {"hit": 0, "miss": 0}
        """Questions that were answered from here, and those that were not."""

    @property
    def n_bytes(self) -> int:
        return self._n_bytes

    def find(self, request: Hashable) -> CachedPage | None:
        """The last page that a request was answered with; it may not be true any more."""
        with self._lock:
            kept = self._pages.get(request)
            if kept is not None:
                self._pages.move_to_end(request)
            return kept

    def keep(self, request: Hashable, page: CachedPage) -> None:
        if len(page.points) > self._budget_bytes:
            return
        with self._lock:
            before = self._pages.pop(request, None)
            self._n_bytes += len(page.points) - (0 if before is None else len(before.points))
            self._pages[request] = page
            while self._n_bytes > self._budget_bytes:
                self._n_bytes -= len(self._pages.popitem(last=False)[1].points)


def is_kept(query: HistoryQuery) -> bool:
    """Whether a page of the question depends on one table and the clock alone."""
    return query.cursor is None and query.moment is None and query.series.bucket_statement is not None


def true_until_us(query: HistoryQuery) -> int:
    """Until when the clock alone changes neither a page nor the range that was asked for."""
    until_us = _FOREVER
    if query.interval != RAW and query.time_range.end_us > query.as_of_us:
        width_us = BUCKET_WIDTHS_US[query.interval]
        until_us = bucket_start(query.as_of_us, width_us) + width_us
    if not {"date_debut", "date_fin"} <= query.asked.keys():
        # Periods and steps are whole minutes: a start moves on at the full minute, an end just after it.
        minute_us = bucket_start(query.as_of_us, MINUTE_US)
        until_us = min(until_us, minute_us + (MINUTE_US if query.as_of_us > minute_us else 1))
    return until_us
