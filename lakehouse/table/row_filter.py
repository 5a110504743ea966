"""Filters of a table's rows: pruning of files by the log, and conditions on the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from lakehouse.delta.file_index import FileIndex, Mask
from lakehouse.delta.position import Position
from lakehouse.errors import QueryError
from lakehouse.schema.spec import TableSpec
from lakehouse.table.filter_values import to_values
from lakehouse.table.instants import Instant, to_instant_us
from lakehouse.time_range import TimeRange, to_time, to_us

_FIRST_US = to_us(datetime(1, 1, 2, tzinfo=UTC))
_END_US = to_us(datetime(9999, 12, 31, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Rows with one of the values ``among`` of each column, within a range of time, at or beyond a position."""

    among: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    ranges: Mapping[str, TimeRange] = field(default_factory=dict)
    beyond: Position | None = None

    def narrowed(
        self,
        spec: TableSpec,
        *,
        on: str | None,
        start: Instant | None,
        end: Instant | None,
        equal: Mapping[str, Any],
    ) -> "RowFilter":
        """Return a narrower filter. Raises QueryError for what is no column, no instant, or no comparable value."""
        among = dict(self.among)
        for name, value in equal.items():
            assert_columns(spec, (name,))
            values = to_values(spec.columns[spec.column_names.index(name)], value)
            known = set(among.get(name, values))
            among[name] = tuple(one for one in values if one in known)
        ranges = dict(self.ranges)
        if start is not None or end is not None or on is not None:
            name = time_column_of(spec, on)
            ranges[name] = _narrowed(ranges.get(name), start=start, end=end)
        return RowFilter(among=among, ranges=ranges, beyond=self.beyond)

    def touched(self, files: FileIndex) -> Mask:
        """Return the files that may hold such a row, by all but the position."""
        mask = files.touching()
        for name, time_range in self.ranges.items():
            if name in files.times:
                mask &= files.touching(time_column=name, time_range=time_range)
        if "symbol" in self.among:
            of_symbols = [files.touching(symbol=symbol) for symbol in self.among["symbol"]]
            mask &= np.logical_or.reduce(of_symbols) if of_symbols else False
        return mask

    def to_conditions(self, column: Callable[[str], Any], constant: Callable[[Any], Any]) -> list[Any]:
        """Return the conditions that a row meets, in the terms of an engine whose columns compare as Python does."""
        conditions = []
        for name, values in self.among.items():
            if not values:
                continue  # no file is read then
            conditions.append(column(name).isin(*(constant(value) for value in values)))
        for name, time_range in self.ranges.items():
            conditions.append(column(name) >= constant(time_range.start_time))
            conditions.append(column(name) < constant(time_range.end_time))
        for key in self.beyond or ():
            assert self.beyond is not None
            conditions.append(
                (column("topic_id") != constant(key.topic_id))
                | (column("kafka_partition") != constant(key.partition))
                | (column("kafka_offset") >= constant(self.beyond[key]))
            )
        return conditions

    @property
    def selects_nothing(self) -> bool:
        """True where no value is left that a row could have."""
        return any(not values for values in self.among.values())


def time_column_of(spec: TableSpec, on: str | None = None) -> str:
    """Return the column of a table's time: ``on``, or the one that its rows are sorted by. Raises QueryError."""
    instants = [column.name for column in spec.columns if column.type == "timestamp"]
    if on is not None:
        if on not in instants:
            raise QueryError(
                parameter="on", problem=f"{on!r} is no instant of {spec.name}", accepted=", ".join(instants)
            )
        return on
    own = [name for name in (*spec.sort_by[::-1], *spec.stats_on, *instants) if name in instants]
    if not own:
        raise QueryError(
            parameter="start", problem=f"{spec.name} has no instants", accepted="no range of time"
        )
    return own[0]


def assert_columns(spec: TableSpec, names: Sequence[str]) -> None:
    """Raise QueryError unless a table has all of these columns."""
    unknown = [name for name in names if name not in spec.column_names]
    if unknown:
        raise QueryError(
            parameter="column",
            problem=f"{spec.name} has no {', '.join(map(str, unknown))}",
            accepted=", ".join(spec.column_names),
        )


def _narrowed(known: TimeRange | None, *, start: Instant | None, end: Instant | None) -> TimeRange:
    start_us = _FIRST_US if start is None else _clamped(to_instant_us("start", start))
    end_us = _END_US if end is None else _clamped(to_instant_us("end", end))
    if start_us > end_us:
        problem = f"{to_time(start_us).isoformat()} is after the end"
        raise QueryError(parameter="start", problem=problem, accepted="a start at or before the end")
    if known is None:
        return TimeRange(start_us, end_us)
    first_us = max(start_us, known.start_us)
    return TimeRange(first_us, max(first_us, min(end_us, known.end_us)))


def _clamped(instant_us: int) -> int:
    return min(max(instant_us, _FIRST_US), _END_US)
