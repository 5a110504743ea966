"""Opening, creating and appending to a Delta table through delta-rs, with its position in the same commit."""

import logging
from collections.abc import Mapping

import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from lakehouse.delta.log_listing import is_incomplete_listing, refresh, retry_on_incomplete_listing
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LakeNotFoundError, PositionConflictError, SchemaMismatchError
from lakehouse.schema.spec import TableSpec

logger = logging.getLogger(__name__)

MAX_READER_VERSION = 1
MAX_WRITER_VERSION = 2
MAX_APPEND_ATTEMPTS = 5
ZSTD_LEVEL = 3
POST_COMMIT_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
# Rows are sorted by symbol, so that a question reads the one or two row groups of its symbol; smaller ones cost more
# footer than they spare. Compaction lets a row group end where a symbol does, once it has the fewer of these.
ROW_GROUP_ROWS = 8_192
MIN_ROW_GROUP_ROWS = 1_024
WRITER = WriterProperties(compression="ZSTD", compression_level=ZSTD_LEVEL, max_row_group_size=ROW_GROUP_ROWS)


def open_table(location: LakeLocation, spec: TableSpec, *, version: int | None = None) -> DeltaTable:
    """Open a table as it stands (or stood). Raises LakeNotFoundError before it exists."""
    try:
        return retry_on_incomplete_listing(
            lambda: DeltaTable(
                location.uri, version=version, storage_options=dict(location.storage_options) or None
            )
        )
    except TableNotFoundError as error:
        raise LakeNotFoundError(what=f"table {spec.name}", uri=location.uri) from error


def ensure_table(location: LakeLocation, spec: TableSpec) -> DeltaTable:
    """Open a table, creating it or adding columns that its definition gained. Idempotent.

    Raises SchemaMismatchError where the table on storage cannot be that table: another type for a column,
    another partitioning, or a protocol that one of the two engines could not write.
    """
    if location.is_local:
        location.to_path().mkdir(parents=True, exist_ok=True)
    table = _create_or_open(location, spec)
    assert_matches(table, spec)
    missing = set(spec.column_names) - {field.name for field in table.schema().fields}
    if missing:
        fields = [field for field in spec.to_delta_schema().fields if field.name in missing]
        table.alter.add_columns(fields)
        logger.info("columns added table=%s columns=%s", spec.name, ",".join(sorted(missing)))
    return table


def _create_or_open(location: LakeLocation, spec: TableSpec) -> DeltaTable:
    try:
        return retry_on_incomplete_listing(
            lambda: DeltaTable.create(
                location.uri,
                schema=spec.to_delta_schema(),
                mode="ignore",
                partition_by=list(spec.partition_by),
                name=spec.name,
                description=spec.grain,
                configuration=spec.to_properties(),
                storage_options=dict(location.storage_options) or None,
            )
        )
    except CommitFailedError:  # another process created it between the check and the commit
        return open_table(location, spec)


def assert_matches(table: DeltaTable, spec: TableSpec) -> None:
    """Raise SchemaMismatchError unless the table is the defined one, apart from columns it lacks."""

    def refuse(problem: str) -> None:
        raise SchemaMismatchError(table=spec.name, uri=table.table_uri, problem=problem)

    protocol = table.protocol()
    if protocol.min_reader_version > MAX_READER_VERSION or protocol.min_writer_version > MAX_WRITER_VERSION:
        refuse(
            f"protocol is {protocol.min_reader_version}/{protocol.min_writer_version}, "
            f"both engines write at most {MAX_READER_VERSION}/{MAX_WRITER_VERSION}"
        )
    if tuple(table.metadata().partition_columns) != spec.partition_by:
        refuse(f"partitioned by {table.metadata().partition_columns}, expected {list(spec.partition_by)}")
    expected = {field.name: field.type for field in spec.to_delta_schema().fields}
    for field in table.schema().fields:
        if field.name in expected and field.type != expected[field.name]:
            refuse(f"column {field.name} is {field.type}, expected {expected[field.name]}")


class _LostAppendError(PositionConflictError):
    """An append that another commit came before, at a position that may still be the expected one."""


def append(
    table: DeltaTable,
    spec: TableSpec,
    rows: pa.Table,
    *,
    expected: Mapping[TopicPartition, int | None],
    advanced: Mapping[TopicPartition, int],
) -> int:
    """Append rows and advance the position in one commit; return its version.

    Compare-and-set: raises PositionConflictError, writing nothing, where the table's position is not ``expected``
    (None: the partition is not registered yet) when the commit lands. Other commits do not disturb it; after an
    expiry it writes again, unless the position stands still: then only the log tells which commit came first. ``rows``
    may be empty. ``table`` is brought to the new version. Rows are sorted by the table's sort columns.
    """
    moves = all(to != expected.get(key) for key, to in advanced.items())
    retrying = Retrying(
        retry=retry_if_exception_type(_LostAppendError),
        stop=stop_after_attempt(MAX_APPEND_ATTEMPTS if moves else 1),
        reraise=True,
    )
    return retrying(_try_append, table, spec, rows, expected, advanced, moves)


def _try_append(
    table: DeltaTable,
    spec: TableSpec,
    rows: pa.Table,
    expected: Mapping[TopicPartition, int | None],
    advanced: Mapping[TopicPartition, int],
    moves: bool,
) -> int:
    commit = CommitProperties(app_transactions=[Transaction(key.app_id, to) for key, to in advanced.items()])
    _assert_position(table, spec, expected, advanced)
    try:
        _append_once(table, spec, rows, commit)
    except CommitFailedError as error:
        logger.info("append lost its turn table=%s reason=%s", spec.name, str(error).partition("\n")[0])
        refresh(table)
        raise _LostAppendError(table=spec.name, problem=str(error)) from error
    except DeltaError as error:
        if not is_incomplete_listing(error) or not advanced:
            raise
        refresh(table)  # the listing before or after the commit was incomplete: the position says which
        if not moves or any(table.transaction_version(key.app_id) != to for key, to in advanced.items()):
            raise _LostAppendError(table=spec.name, problem=str(error)) from error
    return table.version()


def _assert_position(
    table: DeltaTable,
    spec: TableSpec,
    expected: Mapping[TopicPartition, int | None],
    advanced: Mapping[TopicPartition, int],
) -> None:
    for key in advanced:
        offset = table.transaction_version(key.app_id)
        if offset != expected.get(key):
            problem = f"{key.app_id} is {offset}, expected {expected.get(key)}"
            raise PositionConflictError(table=spec.name, problem=problem)


def _append_once(table: DeltaTable, spec: TableSpec, rows: pa.Table, commit: CommitProperties) -> None:
    if rows.num_rows:
        _write(table, spec, rows, commit)
        return
    table.create_write_transaction(
        [],
        mode="append",
        schema=spec.to_delta_schema(),
        partition_by=list(spec.partition_by),
        commit_properties=commit,
        post_commithook_properties=POST_COMMIT_HOOKS,
    )
    refresh(table)


def _write(table: DeltaTable, spec: TableSpec, rows: pa.Table, commit: CommitProperties) -> None:
    ordered = rows.sort_by([(name, "ascending") for name in spec.sort_by]) if spec.sort_by else rows
    write_deltalake(
        table,
        ordered.select(spec.column_names),
        mode="append",
        writer_properties=WRITER,
        commit_properties=commit,
        post_commithook_properties=POST_COMMIT_HOOKS,
    )
