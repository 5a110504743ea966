"""One table as a data scientist holds it: narrowed step by step, read only when rows are asked for, and then pruned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyRelation

from lakehouse.delta.position import Position
from lakehouse.errors import FileGoneError, MissingPackageError, QueryError, VersionGoneError
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import BRONZE, DUPLICATES, GOLD_TABLES, QUARANTINE, TABLES
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.table.commits import read_commits
from lakehouse.table.relation import new_connection, to_relation
from lakehouse.table.row_filter import Instant, RowFilter, assert_columns, to_instant_us

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    import polars as pl
    from pyspark.sql import DataFrame, SparkSession

    from lakehouse.lake import Lake

Since: TypeAlias = int | Instant | Position
Answer = TypeVar("Answer")

_PLACE = ("topic_id", "kafka_partition", "kafka_offset")
PREVIEW_ROWS = 20
HISTORY_COMMITS = 100
FOLLOWED_TABLES = (*GOLD_TABLES, BRONZE, QUARANTINE, DUPLICATES)
"""Tables that take a row in when they take its message in, so that a position tells what is new."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Table:
    """One table of a lake. Immutable: `where`, `select` and `changes` give another one, and read no rows.

    Without ``pinned`` each call sees the newest version.
    """

    lake: "Lake"
    name: str
    pinned: TableSnapshot | None = None
    rows: RowFilter = field(default_factory=RowFilter)
    columns: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        return self._newest().version

    @property
    def position(self) -> Position:
        """What it has taken in of Kafka; what `changes` goes on from, whatever was compacted or rebuilt since."""
        return self._newest().position

    @property
    def location(self) -> str:
        """URI of the table's folder, for other Delta readers. A rebuild moves a table to another one."""
        return self._newest().location.uri

    @property
    def files(self) -> list[str]:
        """The files that would be read, after pruning by the log."""
        return self._touched(self._newest())

    @property
    def schema(self) -> pa.Schema:
        whole = self._spec.to_arrow_schema()
        return pa.schema([whole.field(name) for name in self._column_names])

    @property
    def meanings(self) -> dict[str, str]:
        """{column: what it means, and its unit}."""
        meanings = {column.name: column.meaning for column in self._spec.columns}
        return {name: meanings[name] for name in self._column_names}

    def where(
        self, *, start: Instant | None = None, end: Instant | None = None, on: str | None = None, **equal: Any
    ) -> "Table":
        """Rows of a half-open range of time [start, end), and with a value, or one of a list, in each column named.

        The range is on the table's own time unless ``on`` names another instant. Raises QueryError, naming what
        would be accepted.
        """
        narrowed = self.rows.narrowed(self._spec, on=on, start=start, end=end, equal=equal)
        return replace(self, rows=narrowed)

    def select(self, *columns: str) -> "Table":
        """These columns only, in this order. Raises QueryError for one that the table lacks."""
        assert_columns(self._spec, columns)
        return replace(self, columns=columns)

    def changes(self, since: Since) -> "Table":
        """Rows that were taken in since a version, an instant or a position: each once, compacted meanwhile or not.

        Only additions: what retention or an exclusion took away is not told. A position that one keeps never
        expires; a version or an instant is forgotten with its commit, and then VersionGoneError says so. Raises
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
        """The last commits that the log still has, newest first; columns as COMMITS_SCHEMA says."""
        table = self._newest()
        kept = [
            version
            for version in self.lake.time_travel.versions(self.name, table.build)
            if version <= table.version
        ]
        return read_commits(table.location, kept[::-1][:n_commits])

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.Table:
        """A few rows, whichever are found first."""
        return self._ask(
            lambda table: self._relation(table, self._column_names).limit(n_rows).to_arrow_table()
        )

    def arrow(self) -> pa.Table:
        """The rows in the order of the table's sort columns, then of their messages: the same rows, the same order."""
        return self._ask(self._sorted)

    def pandas(self) -> "pd.DataFrame":
        """The same as a pandas DataFrame; instants are in UTC."""
        _require("pandas")
        return self.arrow().to_pandas()

    def polars(self) -> "pl.DataFrame":
        """The same as a Polars DataFrame; instants are in UTC."""
        frame: pl.DataFrame = _require("polars").from_arrow(self.arrow())
        return frame

    def duckdb(self) -> DuckDBPyRelation:
        """A lazy DuckDB relation over one version, in no order, on a connection of its own, in UTC."""
        return self._ask(lambda table: self._relation(table, self._column_names))

    def spark(self, session: "SparkSession") -> "DataFrame":
        """A lazy Spark DataFrame over one version, in a session that knows Delta."""
        table = self._newest()
        whole = session.read.format("delta").option("versionAsOf", table.version).load(table.location.uri)
        found = whole.limit(0) if self.rows.selects_nothing else whole
        for condition in self.rows.to_conditions(whole.__getitem__, lambda value: value):
            found = found.where(condition)
        return found.select(*self._column_names)

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
        if isinstance(since, int):
            moment = past.at_version(self.name, since, newest=newest)
            return past.snapshot(moment, (self.name,), version=since)[self.name].position
        moment = past.at_instant(to_instant_us("since", since))
        return past.snapshot(moment, (self.name,))[self.name].position

    def _touched(self, table: TableSnapshot) -> list[str]:
        if self.rows.selects_nothing:
            return []
        kept = self.rows.touched(table.files)
        if self.rows.beyond is not None:
            kept = self.lake.offsets.beyond(table, self.rows.beyond, kept)
        return table.files.selected(kept).paths

    def _relation(self, table: TableSnapshot, columns: Sequence[str]) -> DuckDBPyRelation:
        found = to_relation(new_connection(), self._spec, self._touched(table))
        for condition in self.rows.to_conditions(duckdb.ColumnExpression, duckdb.ConstantExpression):
            found = found.filter(condition)
        return found.select(*map(duckdb.ColumnExpression, columns))

    def _sorted(self, table: TableSnapshot) -> pa.Table:
        order = dict.fromkeys(
            (*self._spec.sort_by, *(name for name in _PLACE if name in self._spec.column_names))
        )
        unasked = [name for name in order if name not in self._column_names]
        found = self._relation(table, (*self._column_names, *unasked))
        if order:
            found = found.sort(*map(duckdb.ColumnExpression, order))
        return found.to_arrow_table().select(self._column_names)

    def _ask(self, ask: Callable[[TableSnapshot], Answer]) -> Answer:
        """On the pinned version, or on the newest one, again where a file of it was vacuumed meanwhile."""
        if self.pinned is None:
            return self.lake.read(partial(self.lake.snapshot, self.name), partial(self._ask_once, ask))
        try:
            return self._ask_once(ask, Snapshot(self.pinned.build, {self.name: self.pinned}))
        except FileGoneError as error:
            available = "the newest version, and those whose files vacuum has left"
            raise VersionGoneError(
                table=self.name, asked=f"version {self.pinned.version}", available=available
            ) from error

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
