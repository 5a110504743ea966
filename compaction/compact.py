"""Few large files instead of many small ones, while streams append and people read.

Compaction leaves a table's position where it was. That of a stream's table carries no data change, so that an append
never conflicts with it; that of a rollup merges partial sums.
"""

import logging
import time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError

from compaction.merge import merge_partition
from lakehouse.catalog import Catalog
from lakehouse.delta_table import WRITER, open_table
from lakehouse.duckdb_session import DuckdbSession
from lakehouse.errors import LakeNotFoundError
from lakehouse.rollups import ROLLUPS
from lakehouse.storage import LakeLocation
from lakehouse.table_spec import TableSpec
from lakehouse.tables import TABLES

TARGET_FILE_BYTES = 128 * 1024 * 1024
SMALL_FILE_BYTES = TARGET_FILE_BYTES // 2
MIN_SMALL_FILES = 8

logger = logging.getLogger(__name__)

PartitionValues = tuple[str, ...]


def compact_lake(lake: LakeLocation) -> None:
    """Compacts what needs it in every table of the served build. A second run right after does nothing."""
    catalog = Catalog(lake)
    build = catalog.current_build()
    session = DuckdbSession()
    for spec in TABLES.values():
        try:
            table = open_table(catalog.table_location(spec.name, build), spec)
        except LakeNotFoundError:
            continue
        for partition in crowded_partitions(table, spec):
            _compact_partition(table, spec, partition, session)


def crowded_partitions(table: DeltaTable, spec: TableSpec) -> list[PartitionValues]:
    """Partitions with so many small files that reading them costs more than rewriting them once."""
    files = pa.table(table.get_add_actions(flatten=True))
    if not spec.partition_by:
        return []
    small = files.filter(pc.less(files["size_bytes"], SMALL_FILE_BYTES))
    keys = [small[f"partition.{name}"].cast(pa.string()) for name in spec.partition_by]
    counted = (
        pa.table(keys, names=list(spec.partition_by))
        .group_by(list(spec.partition_by))
        .aggregate([([], "count_all")])
    )
    crowded = counted.filter(pc.greater_equal(counted["count_all"], MIN_SMALL_FILES))
    return list(zip(*(crowded[name].to_pylist() for name in spec.partition_by), strict=True))


def _compact_partition(
    table: DeltaTable, spec: TableSpec, partition: PartitionValues, session: DuckdbSession
) -> None:
    started = time.monotonic()
    rollup = next((rollup for rollup in ROLLUPS if rollup.table is spec), None)
    try:
        if rollup is None:
            n_before, n_after = _rewrite(table, spec, partition)
        else:
            n_before, n_after = merge_partition(session, table, rollup, partition[0])
    except CommitFailedError as error:
        logger.warning(
            "compaction left to the next run table=%s partition=%s error=%s", spec.name, partition, error
        )
        return
    logger.info(
        "compacted table=%s partition=%s version=%d files_before=%d files_after=%d seconds=%.2f",
        spec.name,
        "/".join(map(str, partition)),
        table.version(),
        n_before,
        n_after,
        time.monotonic() - started,
    )


def _rewrite(table: DeltaTable, spec: TableSpec, partition: PartitionValues) -> tuple[int, int]:
    """Few files. A partition that fits into one is sorted, so that a symbol is a few row groups of it.

    A larger one is left in the order of its files, which keeps memory and the bytes written bounded.
    """
    filters = [(name, "=", value) for name, value in zip(spec.partition_by, partition, strict=True)]
    options: dict[str, Any] = {
        "partition_filters": filters,
        "target_size": TARGET_FILE_BYTES,
        "max_concurrent_tasks": 1,
        "writer_properties": WRITER,
        "post_commithook_properties": PostCommitHookProperties(cleanup_expired_logs=False),
    }
    if spec.sort_by and _size_bytes(table, filters) <= TARGET_FILE_BYTES:
        # A curve over one column is its order.
        gain = table.optimize.z_order([spec.sort_by[0]], **options)
    else:
        gain = table.optimize.compact(**options)
    return gain["numFilesRemoved"], gain["numFilesAdded"]


def _size_bytes(table: DeltaTable, filters: list[tuple[str, str, str]]) -> int:
    files = pa.table(table.get_add_actions(flatten=True))
    for name, _, value in filters:
        files = files.filter(pc.equal(files[f"partition.{name}"].cast(pa.string()), value))
    return int(pc.sum(files["size_bytes"]).as_py() or 0)
