"""Partial sums of one bucket that came in many refreshes, merged into one row each.

A merge never changes what a bucket adds up to and leaves the rollup's position where it was. A refresh that commits
meanwhile makes it fail, and it is left to the next run: nothing is counted twice, nothing is lost.
"""

from deltalake import DeltaTable, PostCommitHookProperties, WriterProperties, write_deltalake

from lakehouse.duckdb_session import DuckdbSession
from lakehouse.rollups import Rollup

# Sorted by symbol, a question reads the one or two row groups of its symbol.
_WRITER = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=8_192)


def merge_partition(
    session: DuckdbSession, table: DeltaTable, rollup: Rollup, partition_date: str
) -> tuple[int, int]:
    """Rewrites one partition as one sorted row a key; returns how many files that removed and added.

    Raises CommitFailedError, changing nothing, where another writer was quicker.
    """
    spec = rollup.table
    (column,) = spec.partition_by
    paths = table.file_uris(file_pruning_predicate=[(column, "=", partition_date)])
    sums = session.fetch_arrow(rollup.merge_statement, paths, spec=spec).select(spec.column_names)
    write_deltalake(
        table,
        sums.cast(spec.to_arrow_schema()).sort_by([(name, "ascending") for name in spec.sort_by]),
        mode="overwrite",
        predicate=f"{column} = '{partition_date}'",
        writer_properties=_WRITER,
        post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
    )
    return len(paths), 1
