"""The rows that a few small files add beyond a position, read without a query engine: each commit waits for it."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.delta.position import Position
from lakehouse.engine.row_groups import conform
from lakehouse.errors import FileGoneError
from lakehouse.messages.positions import is_beyond
from lakehouse.schema.spec import TableSpec


def rows_beyond(paths: list[str], names: Iterable[str], spec: TableSpec, position: Position) -> pa.Table:
    """Return some columns, null where a file lacks one. Raises FileGoneError where one was vacuumed."""
    whole = spec.to_arrow_schema()
    schema = pa.schema([whole.field(name) for name in names])
    try:
        tables = [_read(path, schema) for path in paths]
    except FileNotFoundError as error:
        raise FileGoneError(problem=str(error)) from error
    rows = pa.concat_tables(tables).combine_chunks()
    return rows.filter(pa.array(is_beyond(rows, position)))


def _read(path: str, schema: pa.Schema) -> pa.Table:
    with pq.ParquetFile(path) as file:
        held = set(file.schema_arrow.names)
        rows = file.read(columns=[name for name in schema.names if name in held], use_threads=False)
    return conform(rows, schema)
