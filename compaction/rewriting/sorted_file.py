"""Writer of sorted rows into files of a target size, with the statistics of each for the log."""

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from compaction.live_files import PartitionValues, run_file_name
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import MIN_ROW_GROUP_ROWS, ROW_GROUP_ROWS, ZSTD_LEVEL
from lakehouse.schema.spec import TableSpec


class SortedRunWriter:
    """Writer of one sorted run into a partition's folder. Files of a failed write are orphans, which vacuum removes."""

    def __init__(
        self,
        location: LakeLocation,
        spec: TableSpec,
        *,
        folder: str,
        partition: PartitionValues,
        target_bytes: int,
    ) -> None:
        self._location = location
        self._spec = spec
        self._folder = folder
        self._partition = dict(zip(spec.partition_by, partition, strict=True))
        self._target_bytes = target_bytes
        self._run_id = uuid.uuid4().hex
        self._schema = written_schema(spec)

    def write(self, batches: Iterable[pa.RecordBatch]) -> list[AddAction]:
        """Write batches in their order and return the files as actions without a data change."""
        actions: list[AddAction] = []
        file: _OpenFile | None = None
        for rows in _to_row_groups(batches, self._schema, self._spec.sort_by[0]):
            if file is None:
                path = f"{self._folder}{run_file_name(self._run_id, len(actions))}"
                file = _OpenFile(self._location, path, self._schema, self._spec)
            file.add(rows)
            if file.n_bytes >= self._target_bytes:
                actions.append(file.close(self._partition))
                file = None
        if file is not None:
            actions.append(file.close(self._partition))
        return actions


def written_schema(spec: TableSpec) -> pa.Schema:
    """Return the columns of a file: those of the table without the partition's, which are in the log."""
    return pa.schema(field for field in spec.to_arrow_schema() if field.name not in spec.partition_by)


class _OpenFile:
    def __init__(self, location: LakeLocation, path: str, schema: pa.Schema, spec: TableSpec) -> None:
        self._path = path
        self._full_path = location.to_path() / path
        self._stats = _Stats([name for name in spec.stats_on if name not in spec.partition_by])
        self._writer = pq.ParquetWriter(
            self._full_path, schema, compression="zstd", compression_level=ZSTD_LEVEL
        )

    @property
    def n_bytes(self) -> int:
        return self._full_path.stat().st_size

    def add(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self._stats.add(rows)

    def close(self, partition: Mapping[str, str]) -> AddAction:
        self._writer.close()
        return AddAction(
            path=self._path,
            size=self.n_bytes,
            partition_values=partition,
            modification_time=time.time_ns() // 1_000_000,
            data_change=False,
            stats=self._stats.to_json(),
        )


class _Stats:
    """Minimum, maximum and null count of a file's columns, in the form of the Delta protocol."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._n_rows = 0
        self._lowest: dict[str, Any] = {}
        self._highest: dict[str, Any] = {}
        self._n_nulls = dict.fromkeys(names, 0)

    def add(self, rows: pa.Table) -> None:
        self._n_rows += rows.num_rows
        for name in self._names:
            self._n_nulls[name] += rows[name].null_count
            ends = pc.min_max(rows[name]).as_py()
            if ends["min"] is not None:
                self._lowest[name] = min(self._lowest.get(name, ends["min"]), ends["min"])
                self._highest[name] = max(self._highest.get(name, ends["max"]), ends["max"])

    def to_json(self) -> str:
        return json.dumps(
            {
                "numRecords": self._n_rows,
                "minValues": {name: _to_logged(value) for name, value in self._lowest.items()},
                "maxValues": {name: _to_logged(value) for name, value in self._highest.items()},
                "nullCount": self._n_nulls,
            }
        )


def _to_logged(value: Any) -> Any:
    """Truncate instants to milliseconds. Source: Delta protocol, "Per-file Statistics"."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _to_row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema, key: str) -> Iterable[pa.Table]:
    """Yield the same rows as tables that become one row group each."""
    waiting: list[pa.Table] = []
    n_waiting = 0
    for batch in batches:
        rows = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
        waiting.append(rows.combine_chunks())
        n_waiting += batch.num_rows
        if n_waiting >= 2 * ROW_GROUP_ROWS:
            rows = pa.concat_tables(waiting)
            *ends, last = group_ends(rows[key])
            for start, end in pairwise([0, *ends]):
                yield rows.slice(start, end - start)
            begun = ends[-1] if ends else 0
            waiting, n_waiting = [rows.slice(begun)], last - begun
    if n_waiting:
        rows = pa.concat_tables(waiting)
        for start, end in pairwise([0, *group_ends(rows[key])]):
            yield rows.slice(start, end - start)


def group_ends(keys: pa.ChunkedArray) -> list[int]:
    """Return the ends of row groups in sorted rows: at the end of a key once a group has enough rows, else when full.

    A query for one key then reads few rows of other keys.
    """
    codes = keys.combine_chunks().dictionary_encode().indices.to_numpy()
    changes = [*(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    ends, begun = [], 0
    for change in changes:
        while change - begun > ROW_GROUP_ROWS:
            begun += ROW_GROUP_ROWS
            ends.append(begun)
        if change - begun >= MIN_ROW_GROUP_ROWS:
            begun = change
            ends.append(begun)
    return ends if ends and ends[-1] == len(codes) else [*ends, len(codes)]
