"""Messages that an operator took out of gold, by their place, with who and why. They count as quarantined."""

from collections.abc import Mapping

import pyarrow as pa

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.table import open_table
from lakehouse.errors import LakeNotFoundError
from lakehouse.messages.fields import Rejected
from lakehouse.messages.replays import Place
from lakehouse.schema.tables import CORRECTIONS

EXCLUDED_RULE = "excluded"

Excluded = Mapping[Place, Rejected]
"""What is said of each message that an operator excluded, in place of a verdict."""


def read_excluded(catalog: Catalog) -> Excluded:
    """Every exclusion of a lake; empty where there never was one."""
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
