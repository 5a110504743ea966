"""Messages that an operator took out of gold, by their place, with who and why. They count as quarantined."""

from collections.abc import Mapping

import pyarrow as pa

from lakehouse.catalog import Catalog
from lakehouse.delta_table import open_table
from lakehouse.errors import LakeNotFoundError
from lakehouse.message_fields import Rejected
from lakehouse.replays import Place
from lakehouse.tables import CORRECTIONS

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
