"""Live files of a table version: partition, size, age, and the sorted run that each belongs to."""

import re
from dataclasses import dataclass

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.schema.spec import TableSpec

PartitionValues = tuple[str, ...]

_RUN_FILE = re.compile(r"sorted-(?P<run_id>[0-9a-f]{32})-\d{5}\.parquet\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFile:
    """A file that the log names; ``path`` is as in the log, relative to the table."""

    path: str
    partition: PartitionValues
    n_rows: int
    size_bytes: int
    modified_us: int

    @property
    def run_id(self) -> str | None:
        """Return the id of the sorted run that compaction wrote the file in; None for a file of another writer.

        >>> LiveFile(path="a=1/part-0.parquet", partition=(), n_rows=1, size_bytes=1, modified_us=0).run_id
        """
        match = _RUN_FILE.search(self.path)
        return match["run_id"] if match else None


def run_file_name(run_id: str, number: int) -> str:
    """Return the name of a file of a sorted run. The name identifies it even when the log's history is gone.

    >>> run_file_name("0" * 32, 7)
    'sorted-00000000000000000000000000000000-00007.parquet'
    """
    return f"sorted-{run_id}-{number:05d}.parquet"


def read_live_files(table: DeltaTable, spec: TableSpec) -> list[LiveFile]:
    """Read every live file of an open table, in the order of the log."""
    actions = pa.table(table.get_add_actions(flatten=True))
    keys = [f"partition.{name}" for name in spec.partition_by]
    read = ["path", "num_records", "size_bytes", "modification_time", *keys]
    return [
        LiveFile(
            path=action["path"],
            partition=tuple(str(action[key]) for key in keys),
            n_rows=action["num_records"] or 0,
            size_bytes=action["size_bytes"],
            modified_us=action["modification_time"] * 1_000,
        )
        for action in actions.select(read).to_pylist()
    ]
