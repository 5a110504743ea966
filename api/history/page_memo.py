"""Pages that were answered lately: the same question is not worked out again until something can have changed it.

A question's page changes with the table's version, and where its newest bucket is open or yet to come, with that
bucket's end. Both are asked for each time, so that nothing kept is ever stale.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.buckets import BUCKET_WIDTHS_US, RAW, bucket_start
from lakehouse.history_query import HistoryQuery
from lakehouse.snapshot import TableSnapshot

_FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class KeptPage:
    """A JSON page without what an envelope says about freshness; true of instants in [``since_us``, ``until_us``)."""

    requete: Mapping[str, Any]
    suivant: str | None
    complet: bool
    points: bytes
    etag: str
    since_us: int
    until_us: int


class PageMemo:
    """The pages of one process, least recently used first out. Thread-safe. A budget of 0 keeps none."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._n_bytes = 0

    @property
    def n_bytes(self) -> int:
        return self._n_bytes

    def takes(self, query: HistoryQuery) -> bool:
        """Whether a page of the question depends on one table and on nothing else that moves."""
        is_pinned = query.cursor is not None or query.moment is not None
        return self._budget_bytes > 0 and not is_pinned and query.series.bucket_statement is not None

    def find(self, query: HistoryQuery, table: TableSnapshot, *, format_asked: str | None) -> KeptPage | None:
        with self._lock:
            key = _key(query, table, format_asked)
            kept = self._pages.get(key)
            if kept is None or not kept.since_us <= query.as_of_us < kept.until_us:
                return None
            self._pages.move_to_end(key)
            return kept

    def keep(
        self, query: HistoryQuery, table: TableSnapshot, page: KeptPage, *, format_asked: str | None
    ) -> None:
        if len(page.points) > self._budget_bytes:
            return
        with self._lock:
            key = _key(query, table, format_asked)
            before = self._pages.pop(key, None)
            self._n_bytes += len(page.points) - (0 if before is None else len(before.points))
            self._pages[key] = page
            while self._n_bytes > self._budget_bytes:
                self._n_bytes -= len(self._pages.popitem(last=False)[1].points)


def true_until_us(query: HistoryQuery) -> int:
    """Until when the clock alone does not change a page: the end of the bucket that is open, if it is asked for."""
    if query.interval == RAW or query.time_range.end_us <= query.as_of_us:
        return _FOREVER
    width_us = BUCKET_WIDTHS_US[query.interval]
    return bucket_start(query.as_of_us, width_us) + width_us


def _key(query: HistoryQuery, table: TableSnapshot, format_asked: str | None) -> Hashable:
    return (
        query.series.name,
        query.symbol,
        query.time_range,
        query.interval,
        query.limit,
        query.filling,
        query.n_points,
        query.whole,
        tuple(sorted(query.asked.items())),
        format_asked,
        table.location.uri,
        table.build.build_id,
        table.version,
    )
