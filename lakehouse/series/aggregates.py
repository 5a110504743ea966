"""Figures of a bucket, each defined once: SQL over rows, over partial sums and for rollup tables is built from it.

A partial sum is the aggregate of some rows of one bucket. Partial sums of disjoint rows merge into that of all of
them, so it does not matter in which refreshes, or after which compactions, a bucket's rows came together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from math import fsum
from operator import itemgetter, or_
from typing import Any

ORIGIN_BITS: Mapping[str, int] = {"collected": 1, "generated": 2, "replay": 4}
MARKET_COLUMNS = ("venue", "quote")
_BITS = "WHEN 'collected' THEN 1 WHEN 'generated' THEN 2 ELSE 4"
# The least and the greatest tick, in the total order of rows, have the first and the last price.
_TICK = """{{'time': event_time, 'topic_id': topic_id, 'partition': kafka_partition, 'offset': kafka_offset,
    'value': {0}}}"""
_STORED_TICK = """{0}_tick.value AS {0}, {0}_tick.time AS {0}_time, {0}_tick.topic_id AS {0}_topic_id,
    {0}_tick.partition AS {0}_partition, {0}_tick.offset AS {0}_offset"""
_LOADED_TICK = """{{'time': {0}_time, 'topic_id': {0}_topic_id, 'partition': {0}_partition, 'offset': {0}_offset,
    'value': {0}}} AS {0}_tick"""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of figure. ``rows`` and ``merged`` are SQL over a column of rows and over a column of partial sums.

    ``merge`` joins the values of consecutive buckets or of partial sums, none of them null. ``zero`` is the figure of
    no row. A tick is a value with the place of its row in the total order of rows.
    """

    rows: str
    merged: str
    merge: Callable[[Sequence[Any]], Any]
    zero: int | None = None
    is_tick: bool = False


COUNT = Kind("count(*) FILTER ({})", "sum({})::BIGINT", sum, zero=0)
# A sum of decimals does not depend on the order of rows, which compaction changes.
MEAN = Kind("sum({}::DECIMAL(18, 17))", "sum({})", sum)
LEAST = Kind("min({})", "min({})", min)
GREATEST = Kind("max({})", "max({})", max)
TOTAL = Kind("fsum({})", "fsum({})", fsum)
FIRST = Kind(f"min({_TICK})", "min({})", itemgetter(0), is_tick=True)
LAST = Kind(f"max({_TICK})", "max({})", itemgetter(-1), is_tick=True)
ORIGINS = Kind(f"bit_or(CASE {{}} {_BITS} END)", "bit_or({})", partial(reduce, or_), zero=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One figure of a bucket: its column in an answer, in a rollup, and the column of gold that it is made of.

    A count counts the rows whose ``column`` has the value ``equal``, or all. ``shown`` is SQL over partial sums. A gap
    between buckets is bridged from ``bridge[0]`` of the bucket before to ``bridge[1]`` of the bucket after it.
    """

    name: str
    stored: str
    kind: Kind
    column: str = "TRUE"
    equal: str | None = None
    shown: str = ""
    bridge: tuple[str, str] | None = None

    @property
    def partial(self) -> str:
        """The column of partial sums while they are added up."""
        return f"{self.stored}_tick" if self.kind.is_tick else self.stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of the buckets of one gold table, in the order of an answer, and the SQL that lists them.

    A row counts where the column ``counted`` is not null. Beside symbol and bucket, rows are summed apart by the
    columns of ``equal``, for each of which an answer binds one value.
    """

    aggregates: tuple[Aggregate, ...]
    counted: str = ""
    equal: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.aggregates)

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
    def rows(self) -> str:
        """Partial sums of rows."""
        columns = [
            each.column if each.equal is None else f"{each.column} = '{each.equal}'"
            for each in self.aggregates
        ]
        pairs = zip(self.aggregates, columns, strict=True)
        return ", ".join(f"{each.kind.rows.format(column)} AS {each.partial}" for each, column in pairs)

    @property
    def stored(self) -> str:
        """Partial sums as the columns of a rollup."""
        return self._list(_STORED_TICK)

    @property
    def loaded(self) -> str:
        """Columns of a rollup as partial sums."""
        return self._list(_LOADED_TICK)

    @property
    def merged(self) -> str:
        """One partial sum of many."""
        return ", ".join(
            f"{each.kind.merged.format(each.partial)} AS {each.partial}" for each in self.aggregates
        )

    @property
    def shown(self) -> str:
        """The figures that a partial sum comes to."""
        return ", ".join(
            each.shown or (f"{each.partial}.value" if each.kind.is_tick else each.stored)
            for each in self.aggregates
        )

    def _list(self, tick: str) -> str:
        return ", ".join(
            (tick if each.kind.is_tick else "{}").format(each.stored) for each in self.aggregates
        )


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
