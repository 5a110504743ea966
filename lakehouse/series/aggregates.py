"""Figures of a bucket, each defined once: SQL over rows, over partial sums and for rollup tables is built from it.

A partial sum is the aggregate of some rows of one bucket. Partial sums of disjoint rows merge into that of all of
them, so it does not matter in which refreshes, or after which compactions, a bucket's rows came together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import fsum
from operator import or_
from typing import Any

ORIGIN_BITS: Mapping[str, int] = {"collected": 1, "generated": 2, "replay": 4}
MARKET_COLUMNS = ("venue", "quote")
_BITS = " ".join(f"WHEN '{origin}' THEN {bit}" for origin, bit in list(ORIGIN_BITS.items())[:-1])
# The least and the greatest tick, in the total order of rows, have the first and the last price.
_TICK = """{{'time': event_time, 'topic_id': topic_id, 'partition': kafka_partition, 'offset': kafka_offset,
    'value': {column}}}"""
_STORED_TICK = """{0}_tick.value AS {0}, {0}_tick.time AS {0}_time, {0}_tick.topic_id AS {0}_topic_id,
    {0}_tick.partition AS {0}_partition, {0}_tick.offset AS {0}_offset"""
_LOADED_TICK = """{{'time': {0}_time, 'topic_id': {0}_topic_id, 'partition': {0}_partition, 'offset': {0}_offset,
    'value': {0}}} AS {0}_tick"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """A kind of figure. ``rows`` and ``merged`` are SQL over rows and over partial sums.

    ``merge`` joins the values of consecutive buckets or of partial sums, none of them null. ``zero`` is the figure of
    no row.
    """

    name: str
    rows: str
    merged: str
    merge: Callable[[Sequence[Any]], Any]
    zero: int | None = None
    is_tick: bool = False


COUNT = Kind(
    name="count",
    rows="count(*) FILTER ({column})",
    merged="sum({stored})::BIGINT AS {stored}",
    merge=sum,
    zero=0,
)
# A sum of decimals does not depend on the order of rows, which compaction changes.
MEAN = Kind(name="mean", rows="sum({column}::DECIMAL(18, 17))", merged="sum({stored}) AS {stored}", merge=sum)
LEAST = Kind(name="least", rows="min({column})", merged="min({stored}) AS {stored}", merge=min)
GREATEST = Kind(name="greatest", rows="max({column})", merged="max({stored}) AS {stored}", merge=max)
TOTAL = Kind(name="total", rows="fsum({column})", merged="fsum({stored}) AS {stored}", merge=fsum)
FIRST = Kind(
    name="first",
    rows=f"min({_TICK})",
    merged="min({stored}_tick) AS {stored}_tick",
    merge=lambda values: values[0],
    is_tick=True,
)
LAST = Kind(
    name="last",
    rows=f"max({_TICK})",
    merged="max({stored}_tick) AS {stored}_tick",
    merge=lambda values: values[-1],
    is_tick=True,
)
ORIGINS = Kind(
    name="origins",
    rows=f"bit_or(CASE {{column}} {_BITS} ELSE {ORIGIN_BITS['replay']} END)",
    merged="bit_or({stored}) AS {stored}",
    merge=lambda values: reduce(or_, values),
    zero=0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One figure of a bucket: its column in an answer, in a rollup, and the column of gold that it is made of.

    A count counts the rows whose ``column`` has the value ``equal``, or all. ``shown`` is SQL over partial sums. A gap
    between buckets is bridged from ``bridge[0]`` of the bucket before to ``bridge[1]`` of the bucket after it.
    """

    name: str
    stored: str
    kind: Kind
    column: str = ""
    equal: str | None = None
    shown: str | None = None
    bridge: tuple[str, str] | None = None

    @property
    def of_rows(self) -> str:
        column = self.column if self.kind is not COUNT else "TRUE"
        if self.equal is not None:
            column = f"{self.column} = '{self.equal}'"
        alias = f"{self.stored}_tick" if self.kind.is_tick else self.stored
        return f"{self.kind.rows.format(column=column)} AS {alias}"

    @property
    def of_partial(self) -> str:
        if self.shown is not None:
            return self.shown
        return f"{self.stored}_tick.value" if self.kind.is_tick else self.stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of the buckets of one gold table, in the order of an answer.

    A row counts where the column ``counted`` is not null. Beside symbol and bucket, rows are summed apart by the
    columns of ``equal``, for each of which an answer binds one value.
    """

    aggregates: tuple[Aggregate, ...]
    counted: str = ""
    equal: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return ", ".join(("symbol", *self.equal))

    @property
    def is_counted(self) -> str:
        """The condition on rows of gold that count."""
        return f"{self.counted} IS NOT NULL" if self.counted else "TRUE"

    @property
    def is_chosen(self) -> str:
        """The condition on those of a symbol's rows that an answer is about."""
        return equal_to_bound(self.equal)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.aggregates)

    @property
    def rows(self) -> str:
        """Partial sums of rows."""
        return ", ".join(each.of_rows for each in self.aggregates)

    @property
    def stored(self) -> str:
        """Partial sums as the columns of a rollup."""
        return ", ".join(
            _STORED_TICK.format(each.stored) if each.kind.is_tick else each.stored for each in self.aggregates
        )

    @property
    def loaded(self) -> str:
        """Columns of a rollup as partial sums."""
        return ", ".join(
            _LOADED_TICK.format(each.stored) if each.kind.is_tick else each.stored for each in self.aggregates
        )

    @property
    def merged(self) -> str:
        """One partial sum of many."""
        return ", ".join(each.kind.merged.format(stored=each.stored) for each in self.aggregates)

    @property
    def shown(self) -> str:
        """The figures that a partial sum comes to."""
        return ", ".join(each.of_partial for each in self.aggregates)


def equal_to_bound(columns: Iterable[str]) -> str:
    """Return the condition that columns equal the bound values of their names.

    >>> equal_to_bound(["venue", "quote"])
    'venue = $venue AND quote = $quote'
    """
    return " AND ".join(f"{name} = ${name}" for name in columns) or "TRUE"


# What nobody could score is in no bucket: it has no polarity, not a polarity of 0. Clamping undoes rounding.
SENTIMENT_FIGURES = Figures(
    counted="score",
    aggregates=(
        Aggregate(name="count", stored="n_rows", kind=COUNT),
        Aggregate(
            name="mean",
            stored="score_sum",
            kind=MEAN,
            column="score",
            shown="greatest(score_min, least(score_max, score_sum::DOUBLE / n_rows))",
            bridge=("mean", "mean"),
        ),
        Aggregate(name="min", stored="score_min", kind=LEAST, column="score", bridge=("min", "min")),
        Aggregate(name="max", stored="score_max", kind=GREATEST, column="score", bridge=("max", "max")),
        Aggregate(name="positive", stored="n_positive", kind=COUNT, column="label", equal="positive"),
        Aggregate(name="negative", stored="n_negative", kind=COUNT, column="label", equal="negative"),
        Aggregate(name="origins", stored="origins", kind=ORIGINS, column="origin"),
    ),
)
_BRIDGE = ("close", "open")
PRICE_FIGURES = Figures(
    equal=MARKET_COLUMNS,
    aggregates=(
        Aggregate(name="open", stored="open", kind=FIRST, column="price", bridge=_BRIDGE),
        Aggregate(name="high", stored="high", kind=GREATEST, column="price", bridge=_BRIDGE),
        Aggregate(name="low", stored="low", kind=LEAST, column="price", bridge=_BRIDGE),
        Aggregate(name="close", stored="close", kind=LAST, column="price", bridge=_BRIDGE),
        Aggregate(name="volume", stored="volume_sum", kind=TOTAL, column="base_volume"),
        Aggregate(name="count", stored="n_rows", kind=COUNT),
        Aggregate(name="origins", stored="origins", kind=ORIGINS, column="origin"),
    ),
)
