"""The rule of deduplication, for ingestion and for the tail alike.

Of the messages with one message id the record with the lowest offset is stored in gold, and every other is its
duplicate. A replay has the identity of its original record: where that, or another replay of it, is stored, it is a
duplicate too, whatever it says. Between partitions the record that is decided first is stored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from deltalake import DeltaTable

from lakehouse.dedup.message_ids import MAX_IDS, Bucket, Ids, MessageIdIndex, buckets_of
from lakehouse.dedup.replay_index import ReplayIndex
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import MessageContract
from lakehouse.messages.record_id import RecordId


class Candidate(NamedTuple):
    """One valid message: its record, key, event time (epoch microseconds), message id and original record."""

    record_id: RecordId
    key: str
    time_us: int
    message_id: str
    replay_of: RecordId | None

    @property
    def identity(self) -> RecordId:
        """The record that it and its replays share."""
        return self.record_id if self.replay_of is None else self.replay_of


HeldRows = Callable[[set[str]], Iterable[Candidate]]
"""Rows of some keys that are stored or will be, and that gold may not hold yet."""


def no_held_rows(_keys: set[str]) -> Iterable[Candidate]:
    """Return nothing: gold holds every row."""
    return ()


class Deduplicator:
    """Decides over the messages of one gold table, for one thread.

    Where it ``follows``, another process appends to the table. ``max_ids`` bounds what is cached of it.
    """

    def __init__(
        self,
        table: DeltaTable,
        location: LakeLocation,
        contract: MessageContract,
        *,
        follows: bool = False,
        max_ids: int = MAX_IDS,
        held_rows: HeldRows = no_held_rows,
    ) -> None:
        self._ids = MessageIdIndex(table, location, contract, follows=follows, max_ids=max_ids)
        self._replays = ReplayIndex(table, location, contract.table, follows=follows)
        self._held_rows = held_rows

    def find_stored(
        self, candidates: Sequence[Candidate], *, known_duplicates: Mapping[RecordId, RecordId]
    ) -> list[RecordId]:
        """Return the stored record of each candidate: its own, or the one that it is a duplicate of.

        ``candidates`` are in the order of offsets, and what is stored of them is known from then on.
        ``known_duplicates`` are decided already.
        """
        buckets = buckets_of([row.key for row in candidates], [row.time_us for row in candidates])
        loaded = self._load_ids(set(buckets))
        originals = {row.replay_of for row in candidates if row.replay_of is not None}
        stored_originals = self._load_originals(originals, candidates)
        stored = []
        for row, bucket in zip(candidates, buckets, strict=True):
            record_id = known_duplicates.get(row.record_id)
            if record_id is None:
                record_id = _find_stored(row, loaded[bucket], stored_originals)
            if originals and record_id == row.record_id:
                stored_originals[row.identity] = record_id
            stored.append(record_id)
        self._ids.keep(loaded)
        return stored

    def _load_ids(self, buckets: set[Bucket]) -> dict[Bucket, Ids]:
        loaded, unread = self._ids.load(buckets)
        held = list(self._held_rows({key for key, _ in unread})) if unread else []
        for row, bucket in zip(
            held, buckets_of([row.key for row in held], [row.time_us for row in held]), strict=True
        ):
            if bucket in unread:
                loaded[bucket].setdefault(row.message_id, row.record_id)
        return loaded

    def _load_originals(
        self, originals: set[RecordId], candidates: Sequence[Candidate]
    ) -> dict[RecordId, RecordId]:
        """Return the stored record of each original of a candidate, in gold or held; empty without replays."""
        if not originals:
            return {}
        stored = self._replays.find(originals)
        for row in self._held_rows({row.key for row in candidates}):
            if row.identity in originals:
                stored.setdefault(row.identity, row.record_id)
        return stored


def _find_stored(row: Candidate, ids: Ids, stored_originals: Mapping[RecordId, RecordId]) -> RecordId:
    if row.replay_of is not None and row.replay_of in stored_originals and row.message_id not in ids:
        return stored_originals[row.replay_of]
    return ids.setdefault(row.message_id, row.record_id)
