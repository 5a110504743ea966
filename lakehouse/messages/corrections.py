"""Records that an operator excluded from gold, with who and why. They are quarantined."""

from collections.abc import Mapping

import pyarrow as pa

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.table import open_table
from lakehouse.errors import LakeNotFoundError
from lakehouse.messages.fields import Rejected
from lakehouse.messages.record_id import RecordId
from lakehouse.schema.tables import CORRECTIONS

EXCLUDED_RULE = "excluded"

Excluded = Mapping[RecordId, Rejected]
"""The rejection of each excluded record, which takes the place of its validation."""


def read_excluded(catalog: Catalog) -> Excluded:
    """Read every exclusion of a lake; empty where there never was one."""
    try:
        table = open_table(catalog.location.child(CORRECTIONS.name), CORRECTIONS)
    except LakeNotFoundError:
        return {}
    rows = pa.table(table.to_pyarrow_table()).to_pylist()
    return {
        (row["topic_id"], row["kafka_partition"], row["kafka_offset"]): Rejected(
            EXCLUDED_RULE, None, f"excluded by {row['excluded_by']}: {row['reason']}"
        )
        for row in rows
    }


def find_exclusion(excluded: Excluded, record_id: RecordId, replay_of: RecordId | None) -> Rejected | None:
    """Return the exclusion of a record: its own, or that of the record that it is a replay of."""
    return excluded.get(record_id) or (None if replay_of is None else excluded.get(replay_of))
