"""Duplicates among the messages of the tail, by the rule of ingestion."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakehouse.dedup.deduplicator import Candidate, Deduplicator
from lakehouse.delta.catalog import Build
from lakehouse.delta.table import open_table
from lakehouse.lake import Lake
from lakehouse.messages.contract import MessageContract
from lakehouse.messages.corrections import Excluded, find_exclusion, read_excluded
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import Tail

MAX_IDS = 100_000
"""Ids cached per table, about 35 MB in all at most; the others are read from gold again."""


@dataclass(frozen=True, slots=True)
class _TableState:
    """Deduplicator and exclusions of one table in one build. An exclusion comes with a new build."""

    build: Build
    deduplicator: Deduplicator
    excluded: Excluded


class TailDeduplicator:
    """Decides for one thread. Ids come from gold and, where gold does not have them yet, from the tail itself."""

    def __init__(self, lake: Lake, tail: Tail) -> None:
        self._lake = lake
        self._tail = tail
        self._tables: dict[str, _TableState] = {}

    def forget(self) -> None:
        """Read everything from gold anew: messages may have passed that this process did not see."""
        self._tables.clear()

    def decide(self, contract: MessageContract, rows: Sequence[TailRow]) -> list[bool]:
        """Return whether each row is one of gold, neither excluded nor a duplicate. ``rows`` are in offset order.

        Raises LakeNotFoundError where the table does not exist, OSError where a file went away meanwhile.
        """
        state = self._state(contract)
        accepted = [
            row for row in rows if find_exclusion(state.excluded, row.record_id, row.replay_of) is None
        ]
        stored = state.deduplicator.find_stored(list(map(_to_candidate, accepted)), known_duplicates={})
        gold = {
            row.record_id
            for row, record_id in zip(accepted, stored, strict=True)
            if row.record_id == record_id
        }
        return [row.record_id in gold for row in rows]

    def _state(self, contract: MessageContract) -> _TableState:
        build = self._lake.current_build()
        known = self._tables.get(contract.topic)
        if known is None or known.build != build:
            location = self._lake.catalog.table_location(contract.table.name, build)
            deduplicator = Deduplicator(
                open_table(location, contract.table),
                location,
                contract,
                follows=True,
                max_ids=MAX_IDS,
                held_rows=lambda keys: self._held_rows(contract, keys),
            )
            known = _TableState(build, deduplicator, read_excluded(self._lake.catalog))
            self._tables[contract.topic] = known
        return known

    def _held_rows(self, contract: MessageContract, symbols: set[str]) -> Iterable[Candidate]:
        for symbol in symbols:
            yield from map(_to_candidate, self._tail.rows_of(contract.table.name, symbol))


def _to_candidate(row: TailRow) -> Candidate:
    return Candidate(row.record_id, row.symbol, row.time_us, row.message_id, row.replay_of)
