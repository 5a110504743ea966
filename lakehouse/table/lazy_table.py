"""Lazy tables for notebooks: narrowed step by step, read and pruned when their rows are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyRelation

from lakehouse.delta.position import Position
from lakehouse.errors import FileGoneError, MissingPackageError, QueryError
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import BRONZE, DUPLICATES, GOLD_TABLES, QUARANTINE, TABLES
from lakehouse.snapshots.file_offsets import FileOffsets
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.snapshots.time_travel import TimeTravel
from lakehouse.table.commits import read_commits
from lakehouse.table.filter_values import to_count
from lakehouse.table.instants import Instant, to_instant_us
from lakehouse.table.relation import new_connection, to_relation
from lakehouse.table.row_filter import RowFilter, assert_columns

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    import polars as pl
    from pyspark.sql import DataFrame, SparkSession

Since: TypeAlias = int | Instant | Position
Answer = TypeVar("Answer")

_RECORD_ID = ("topic_id", "kafka_partition", "kafka_offset")
PREVIEW_ROWS = 20
HISTORY_COMMITS = 100
FOLLOWED_TABLES = (*GOLD_TABLES, BRONZE, QUARANTINE, DUPLICATES)
"""Tables whose rows come in the order of their messages, so that a position tells which are new."""


class TableSource(Protocol):
    """Lake that a table is of: what pins its versions and finds its files."""

    @property
    def time_travel(self) -> TimeTravel: ...
    @property
    def offsets(self) -> FileOffsets: ...
    def snapshot(self, *names: str) -> Snapshot: ...
    def read(self, pin: Callable[[], Snapshot], ask: Callable[[Snapshot], Answer]) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Table:
    """One table of a lake. Immutable: `where`, `select` and `changes` give another one, and read no rows.

    Without ``pinned`` each call sees the newest version.
    """

    lake: TableSource
    name: str
    pinned: TableSnapshot | None = None
    rows: RowFilter = field(default_factory=RowFilter)
    columns: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """Version that is read."""
        return self._newest().version

    @property
    def position(self) -> Position:
        """Position in Kafka; `changes` goes on from it, whatever was compacted or rebuilt since."""
        return self._newest().position

    @property
    def location(self) -> str:
        """URI of the table's folder, for other Delta readers. A rebuild moves a table to another one."""
        return self._newest().location.uri

    @property
    def files(self) -> list[str]:
        """Files that would be read, after pruning by the log."""
        return self._touched(self._newest())

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of the selected columns."""
        whole = self._spec.to_arrow_schema()
        return pa.schema([whole.field(name) for name in self._column_names])

    @property
    def meanings(self) -> dict[str, str]:
        """Meaning and unit of each column."""
        meanings = {column.name: column.meaning for column in self._spec.columns}
        return {name: meanings[name] for name in self._column_names}

    def where(
        self, *, start: Instant | None = None, end: Instant | None = None, on: str | None = None, **equal: Any
    ) -> "Table":
        """Return rows of a half-open range of time [start, end) with a value, or one of several, in each named column.

        Several values are any iterable of them: a list, a set, an array, a Series. The range is on the table's own
        time unless ``on`` names another instant. Raises QueryError, naming what would be accepted.
        """
        narrowed = self.rows.narrowed(self._spec, on=on, start=start, end=end, equal=equal)
        return replace(self, rows=narrowed)

    def select(self, *columns: str | Iterable[str]) -> "Table":
        """Return these columns only, in this order; each argument is a name, or an iterable of names.

        Raises QueryError for one that the table lacks.
        """
        names = [name for given in columns for name in ((given,) if isinstance(given, str) else given)]
        assert_columns(self._spec, names)
        return replace(self, columns=tuple(dict.fromkeys(map(str, names))))

    def changes(self, since: Since) -> "Table":
        """Return rows that came since a version, an instant or a position: each once, compacted meanwhile or not.

        Additions only: what retention or an exclusion removed is not in it. A position never expires; a version or
        an instant is gone with its commit, and then raises VersionGoneError. Raises
        QueryError for a table whose rows do not come in the order of their messages.
        """
        if self._spec not in FOLLOWED_TABLES:
            accepted = ", ".join(spec.name for spec in FOLLOWED_TABLES)
            raise QueryError(parameter="changes", problem=f"{self.name} has no order", accepted=accepted)
        position = since if isinstance(since, Position) else self._position_at(since)
        own = self._newest().position
        if len(position) and len(own) and not any(key in own for key in position):
            problem = f"a position of other topics than those of {self.name}"
            raise QueryError(parameter="since", problem=problem, accepted=f"such as {own.to_json()}")
        return replace(self, rows=replace(self.rows, beyond=position))

    def history(self, n_commits: int = HISTORY_COMMITS) -> pa.Table:
        """Return the last commits that the log still has, newest first, with the columns of COMMITS_SCHEMA."""
        table = self._newest()
        versions = self.lake.time_travel.versions(self.name, table.build)
        past = [version for version in versions if version <= table.version]
        return read_commits(table.location, past[::-1][: to_count("n_commits", n_commits)])

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.Table:
        """Return a few rows, whichever are read first."""
        limit = to_count("n_rows", n_rows)
        return self._ask(
            lambda table: self._relation(table, self._column_names).limit(limit).to_arrow_table()
        )

    def arrow(self) -> pa.Table:
        """Return the rows in the order of the table's sort columns, then of their messages. Deterministic."""
        return self._ask(self._sorted)

    def pandas(self) -> "pd.DataFrame":
        """Return the rows of `arrow` as a pandas DataFrame; instants are in UTC."""
        _require("pandas")
        return self.arrow().to_pandas()

    def polars(self) -> "pl.DataFrame":
        """Return the rows of `arrow` as a Polars DataFrame; instants are in UTC."""
        frame: pl.DataFrame = _require("polars").from_arrow(self.arrow())
        return frame

    def duckdb(self) -> DuckDBPyRelation:
        """Return a lazy DuckDB relation over one version, in no order, on a connection of its own, in UTC."""
        return self._ask(lambda table: self._relation(table, self._column_names))

    def spark(self, session: "SparkSession") -> "DataFrame":
        """Return a lazy Spark DataFrame over one version, in a session that knows Delta."""
        table = self._newest()
        whole = session.read.format("delta").option("versionAsOf", table.version).load(table.location.uri)
        frame = whole.limit(0) if self.rows.selects_nothing else whole
        for condition in self.rows.to_conditions(whole.__getitem__, lambda value: value):
            frame = frame.where(condition)
        return frame.select(*self._column_names)

    @property
    def _spec(self) -> TableSpec:
        return TABLES[self.name]

    @property
    def _column_names(self) -> tuple[str, ...]:
        return self.columns or tuple(self._spec.column_names)

    def _newest(self) -> TableSnapshot:
        return self.pinned or self.lake.snapshot(self.name)[self.name]

    def _position_at(self, since: int | Instant) -> Position:
        past, newest = self.lake.time_travel, self._newest()
        if isinstance(since, (int, np.integer)):
            version = to_count("since", since)
            moment = past.at_version(self.name, version, newest=newest)
            return past.snapshot(moment, (self.name,), version=version)[self.name].position
        moment = past.at_instant(to_instant_us("since", since), (self.name,))
        return past.snapshot(moment, (self.name,))[self.name].position

    def _touched(self, table: TableSnapshot) -> list[str]:
        if self.rows.selects_nothing:
            return []
        mask = self.rows.touched(table.files)
        if self.rows.beyond is not None:
            mask = self.lake.offsets.beyond(table, self.rows.beyond, mask)
        return table.files.selected(mask).paths

    def _relation(self, table: TableSnapshot, columns: Sequence[str]) -> DuckDBPyRelation:
        relation = to_relation(new_connection(), self._spec, self._touched(table))
        for condition in self.rows.to_conditions(duckdb.ColumnExpression, duckdb.ConstantExpression):
            relation = relation.filter(condition)
        return relation.select(*map(duckdb.ColumnExpression, columns))

    def _sorted(self, table: TableSnapshot) -> pa.Table:
        order = dict.fromkeys(
            (*self._spec.sort_by, *(name for name in _RECORD_ID if name in self._spec.column_names))
        )
        others = [name for name in order if name not in self._column_names]
        relation = self._relation(table, (*self._column_names, *others))
        if order:
            relation = relation.sort(*map(duckdb.ColumnExpression, order))
        return relation.to_arrow_table().select(self._column_names)

    def _ask(self, ask: Callable[[TableSnapshot], Answer]) -> Answer:
        """Ask the pinned version, or the newest one, retried where a file of it was vacuumed meanwhile."""
        if self.pinned is None:
            return self.lake.read(partial(self.lake.snapshot, self.name), partial(self._ask_once, ask))
        try:
            return self._ask_once(ask, Snapshot(self.pinned.build, {self.name: self.pinned}))
        except FileGoneError as error:
            pinned = self.pinned
            raise self.lake.time_travel.version_gone(self.name, pinned.build, pinned.version) from error

    def _ask_once(self, ask: Callable[[TableSnapshot], Answer], snapshot: Snapshot) -> Answer:
        try:
            return ask(snapshot[self.name])
        except duckdb.IOException as error:
            raise FileGoneError(problem=str(error)) from error

    def __repr__(self) -> str:
        return (
            f"Table({self.name!r}, {'newest' if self.pinned is None else f'version={self.pinned.version}'})"
        )


def _require(package: str) -> Any:
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise MissingPackageError(package=package) from error
