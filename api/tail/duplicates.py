"""Which messages of the tail are duplicates: the rule of ingestion, with ids looked up in gold by symbol and time."""

from collections.abc import Sequence
from dataclasses import dataclass

from deltalake import DeltaTable

from lakehouse.dedup.message_ids import BUCKET_US, MessageIdIndex, Winner
from lakehouse.dedup.origins import OriginIndex
from lakehouse.delta.catalog import Build
from lakehouse.delta.log_listing import refresh
from lakehouse.delta.table import open_table
from lakehouse.lake import Lake
from lakehouse.messages.contract import MessageContract
from lakehouse.messages.corrections import Excluded, read_excluded
from lakehouse.messages.replays import Place
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import Tail

MAX_IDS = 100_000
"""Ids kept per table, about 35 MB in all at most; beyond it they are read from gold again."""


@dataclass(frozen=True, slots=True)
class _Index:
    """What one gold table says of messages. An exclusion comes with a new build."""

    build: Build
    table: DeltaTable
    winners: MessageIdIndex
    origins: OriginIndex
    excluded: Excluded


class TailDeduplicator:
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
        unread = index.winners.missing(symbols, times_us)
        buckets = index.winners.load(symbols, times_us)
        if unread:
            self._add_held(contract, unread, index.winners)
        winner_of = self._stored_by_origin(contract, rows, index)
        decided = [
            self._is_gold(row, bucket, index.excluded, winner_of)
            for row, bucket in zip(rows, buckets, strict=True)
        ]
        index.winners.count_added(sum(decided))
        return decided

    def _is_gold(
        self, row: TailRow, bucket: dict[str, Winner], excluded: Excluded, winner_of: dict[Place, Winner]
    ) -> bool:
        """The rule of `streaming.ingest.batch`: of a message_id, and of an origin and its replays, one is gold."""
        identity = row.place if row.origin is None else row.origin
        if excluded and (row.place in excluded or identity in excluded):
            return False
        if row.origin is not None and row.origin in winner_of and row.message_id not in bucket:
            winner = winner_of[row.origin]
        else:
            winner = bucket.setdefault(row.message_id, row.place)
        if winner != row.place:
            return False
        if winner_of:
            winner_of[identity] = row.place
        return True

    def _stored_by_origin(
        self, contract: MessageContract, rows: Sequence[TailRow], index: _Index
    ) -> dict[Place, Winner]:
        """The gold row of each origin that a row is a replay of, in gold or in the tail; empty without replays."""
        origins = {row.origin for row in rows if row.origin is not None}
        if not origins:
            return {}
        refresh(index.table)
        found = index.origins.find(origins)
        for symbol in {row.symbol for row in rows}:
            for held in self._tail.rows_of(contract.table.name, symbol):
                identity = held.place if held.origin is None else held.origin
                if identity in origins:
                    found.setdefault(identity, held.place)
        return found

    def _add_held(
        self, contract: MessageContract, unread: set[tuple[str, int]], index: MessageIdIndex
    ) -> None:
        """Rows of the tail in stretches that were just read from gold, which may not have them yet."""
        for symbol in {symbol for symbol, _ in unread}:
            held = [
                row
                for row in self._tail.rows_of(contract.table.name, symbol)
                if (symbol, row.time_us // BUCKET_US) in unread
            ]
            buckets = index.load([symbol] * len(held), [row.time_us for row in held])
            for row, bucket in zip(held, buckets, strict=True):
                bucket.setdefault(row.message_id, row.place)

    def _index(self, contract: MessageContract) -> _Index:
        build = self._lake.current_build()
        known = self._indexes.get(contract.topic)
        if known is None or known.build != build:
            location = self._lake.catalog.table_location(contract.table.name, build)
            table = open_table(location, contract.table)
            winners = MessageIdIndex(
                table,
                location,
                key_column=contract.key_column,
                time_column=contract.time_column,
                follows=True,
                max_ids=MAX_IDS,
            )
            origins = OriginIndex(table, location, contract.table)
            known = _Index(build, table, winners, origins, read_excluded(self._lake.catalog))
            self._indexes[contract.topic] = known
        return known
