"""Rewrite of one task: read, sort in bounded memory, write, swap in. A killed rewrite has changed nothing."""

import logging
import time
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from compaction.bounded_duckdb import bounded_connection
from compaction.errors import RowsLostError, UnreadableError
from compaction.rewriting.plan import TARGET_FILE_BYTES, RewriteTask
from compaction.rewriting.sorted_file import SortedRunWriter
from compaction.swap import Swap, commit_swap
from lakehouse.delta.storage import LakeLocation
from lakehouse.engine.duckdb_session import padded_rows
from lakehouse.errors import FileGoneError
from lakehouse.schema.spec import TableSpec
from lakehouse.series.rollups import ROLLUPS, Rollup

_BATCH_ROWS = 65_536
# Rows with equal sort columns get the same order from any number of files.
_TIES = ("topic_id", "kafka_partition", "kafka_offset")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """Result of a task."""

    task: RewriteTask
    version: int
    n_files_after: int
    bytes_after: int
    seconds: float


def rewrite(table: DeltaTable, location: LakeLocation, spec: TableSpec, task: RewriteTask) -> Rewritten:
    """Replace a task's files by one sorted run, in a commit without a data change.

    Memory is bounded: DuckDB sorts larger tasks on disk. Raises SwapConflictError or FileGoneError where another
    maintenance was faster, RowsLostError rather than commit other rows than it read.
    """
    started = time.monotonic()
    writer = SortedRunWriter(
        location,
        spec,
        folder=task.files[0].path[: task.files[0].path.rfind("/") + 1],
        partition=task.partition,
        target_bytes=TARGET_FILE_BYTES,
    )
    paths = [location.open_file(file.path) for file in task.files]
    rollup = next((rollup for rollup in ROLLUPS if rollup.table is spec), None)
    try:
        with bounded_connection() as connection:
            n_read = _count(connection, paths, rollup)
            actions = writer.write(_sorted(connection, paths, spec, rollup))
            written = [location.open_file(action.path) for action in actions]
            n_written = _count(connection, written, rollup)
    except duckdb.IOException as error:
        raise FileGoneError(problem=str(error)) from error
    except duckdb.InvalidInputException as error:
        raise UnreadableError(table=spec.name, problem=str(error)) from error
    if n_read != n_written:
        raise RowsLostError(table=spec.name, n_read=n_read, n_written=n_written)
    info = {"maintenance": "compact", "reason": task.reason}
    version = commit_swap(table, spec, Swap(removed=task.files, added=actions), info=info)
    rewritten = Rewritten(
        task=task,
        version=version,
        n_files_after=len(actions),
        bytes_after=sum(action.size for action in actions),
        seconds=time.monotonic() - started,
    )
    _log(rewritten)
    return rewritten


def _count(connection: duckdb.DuckDBPyConnection, paths: list[str], rollup: Rollup | None) -> int:
    """Count the rows of files; of a rollup the rows of gold that its partial sums add up."""
    counted = "count(*)" if rollup is None else "coalesce(sum(n_rows), 0)::BIGINT"
    ((n_rows,),) = connection.execute(
        f"SELECT {counted} FROM read_parquet($files, union_by_name = true)", {"files": paths}
    ).fetchall()
    return int(n_rows)


def _sorted(
    connection: duckdb.DuckDBPyConnection, paths: list[str], spec: TableSpec, rollup: Rollup | None
) -> pa.RecordBatchReader:
    """Read the rows in the table's order; of a rollup, merge the partial sums of each key."""
    names = set(spec.column_names)
    order = ", ".join(
        [*spec.sort_by, *(name for name in _TIES if name in names and name not in spec.sort_by)]
    )
    statement = "SELECT * FROM {rows}" if rollup is None else f"SELECT * FROM ({rollup.merge_statement})"
    complete = f"{statement} ORDER BY {order}".replace("{rows}", padded_rows(spec))
    return connection.sql(complete, params={"files": paths}).to_arrow_reader(_BATCH_ROWS)


def _log(done: Rewritten) -> None:
    logger.info(
        "compacted table=%s partition=%s version=%d files_before=%d files_after=%d bytes_before=%d bytes_after=%d "
        "rows=%d seconds=%.2f reason=%s",
        done.task.table,
        "/".join(done.task.partition),
        done.version,
        len(done.task.files),
        done.n_files_after,
        done.task.size_bytes,
        done.bytes_after,
        done.task.n_rows,
        done.seconds,
        done.task.reason,
    )
