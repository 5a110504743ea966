"""Which record became the gold row of an origin: looked up in gold, when a replay comes, which is rare."""

from collections.abc import Collection

from deltalake import DeltaTable

from lakehouse.dedup.message_ids import Winner
from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.messages.replays import Place, format_record_id, parse_record_id
from lakehouse.schema.spec import TableSpec

_ROWS_OF_ORIGINS = """
SELECT coalesce(replayed_from, place), topic_id, kafka_partition, kafka_offset
FROM (SELECT *, topic_id || '/' || kafka_partition || '/' || kafka_offset AS place FROM {rows})
WHERE replayed_from IN (SELECT unnest($origins)) OR place IN (SELECT unnest($origins))
"""


class OriginIndex:
    """The gold rows of origins in one gold table. Keeps nothing: each look-up reads two columns of the table."""

    def __init__(self, table: DeltaTable, location: LakeLocation, spec: TableSpec) -> None:
        self._table = table
        self._location = location
        self._spec = spec

    def find(self, origins: Collection[Place]) -> dict[Place, Winner]:
        """The record that became the gold row of each origin: itself, or one of its replays; absent where none did."""
        actions = self._table.get_add_actions(flatten=True)
        paths = [str(self._location.open_file(path)) for path in actions.column("path").to_pylist()]
        if not origins or not paths:
            return {}
        rows = DuckdbSession().fetch_arrow(
            _ROWS_OF_ORIGINS, paths, spec=self._spec, origins=[format_record_id(origin) for origin in origins]
        )
        found: dict[Place, Winner] = {}
        for text, *winner in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            origin = parse_record_id(text)
            if origin is not None:
                found[origin] = (winner[0], winner[1], winner[2])
        return found
