"""Which messages of the tail are duplicates: the rule of ingestion, with ids looked up in gold by symbol and time."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.catalog import Build
from lakehouse.contract import MessageContract
from lakehouse.delta_table import open_table
from lakehouse.lake import Lake
from lakehouse.tail import Tail
from lakehouse.tail_rows import TailRow
from lakehouse.winners import BUCKET_US, WinnerIndex

MAX_IDS = 100_000
"""Ids kept per table, about 35 MB in all at most; beyond it they are read from gold again."""


@dataclass(frozen=True, slots=True)
class _Index:
    build: Build
    winners: WinnerIndex


class TailWinners:
    """Decides for one thread. Ids come from gold and, where gold does not have them yet, from the tail itself."""

    def __init__(self, lake: Lake, tail: Tail) -> None:
        self._lake = lake
        self._tail = tail
        self._indexes: dict[str, _Index] = {}

    def forget(self) -> None:
        """Reads everything from gold anew: messages may have passed that nobody looked at."""
        self._indexes.clear()

    def decide(self, contract: MessageContract, rows: Sequence[TailRow]) -> list[bool]:
        """Whether each row is the first with its message_id. ``rows`` are in offset order.

        Raises LakeNotFoundError where the table does not exist, OSError where a file went away meanwhile.
        """
        index = self._index(contract)
        symbols, times_us = [row.symbol for row in rows], [row.time_us for row in rows]
        unread = index.missing(symbols, times_us)
        buckets = index.load(symbols, times_us)
        if unread:
            self._add_held(contract, unread, index)
        decided = []
        for row, bucket in zip(rows, buckets, strict=True):
            own = (row.source.topic_id, row.source.partition, row.offset)
            decided.append(bucket.setdefault(row.message_id, own) == own)
        index.count_added(sum(decided))
        return decided

    def _add_held(self, contract: MessageContract, unread: set[tuple[str, int]], index: WinnerIndex) -> None:
        """Rows of the tail in stretches that were just read from gold, which may not have them yet."""
        for symbol in {symbol for symbol, _ in unread}:
            held = [
                row
                for row in self._tail.rows_of(contract.table.name, symbol)
                if (symbol, row.time_us // BUCKET_US) in unread
            ]
            buckets = index.load([symbol] * len(held), [row.time_us for row in held])
            for row, bucket in zip(held, buckets, strict=True):
                bucket.setdefault(row.message_id, (row.source.topic_id, row.source.partition, row.offset))

    def _index(self, contract: MessageContract) -> WinnerIndex:
        build = self._lake.current_build()
        known = self._indexes.get(contract.topic)
        if known is None or known.build != build:
            location = self._lake.catalog.table_location(contract.table.name, build)
            winners = WinnerIndex(
                open_table(location, contract.table),
                location,
                key_column=contract.key_column,
                time_column=contract.time_column,
                follows=True,
                max_ids=MAX_IDS,
            )
            known = self._indexes[contract.topic] = _Index(build, winners)
        return known.winners
