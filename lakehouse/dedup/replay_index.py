"""Stored records of replayed originals: looked up in gold when a replay comes, which is rare."""

from collections.abc import Collection

from deltalake import DeltaTable

from lakehouse.delta.log_listing import refresh
from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.messages.record_id import RecordId, format_record_id, parse_record_id
from lakehouse.schema.spec import TableSpec

_ROWS_OF_ORIGINALS = """
SELECT coalesce(replay_of, record_id), topic_id, kafka_partition, kafka_offset
FROM (SELECT *, topic_id || '/' || kafka_partition || '/' || kafka_offset AS record_id FROM {rows})
WHERE replay_of IN (SELECT unnest($originals)) OR record_id IN (SELECT unnest($originals))
"""


class ReplayIndex:
    """Gold rows of original records, by the original. Keeps nothing: a look-up reads two columns of the table.

    Where it ``follows``, others append: the table is brought up to date before it is read.
    """

    def __init__(
        self, table: DeltaTable, location: LakeLocation, spec: TableSpec, *, follows: bool = False
    ) -> None:
        self._table = table
        self._location = location
        self._spec = spec
        self._follows = follows

    def find(self, originals: Collection[RecordId]) -> dict[RecordId, RecordId]:
        """Return the stored record of each original: itself, or one of its replays; absent where none is stored."""
        if not originals:
            return {}
        if self._follows:
            refresh(self._table)
        actions = self._table.get_add_actions(flatten=True)
        paths = [str(self._location.open_file(path)) for path in actions.column("path").to_pylist()]
        if not paths:
            return {}
        rows = DuckdbSession().fetch_arrow(
            _ROWS_OF_ORIGINALS, paths, spec=self._spec, originals=list(map(format_record_id, originals))
        )
        stored: dict[RecordId, RecordId] = {}
        for text, *record_id in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            original = parse_record_id(text)
            if original is not None:
                stored[original] = (record_id[0], record_id[1], record_id[2])
        return stored
