"""Figures of buckets from columns in memory: the definitions of `lakehouse.series.aggregates`, evaluated by numpy."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import fsum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lakehouse.series import aggregates as of
from lakehouse.series.aggregates import Aggregate, Figures, Kind
from lakehouse.series.grid import Grid

LIMB_BITS = 32
_SCORE_UNIT = 10**17

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Sums = tuple[Any, ...]
"""Of one bucket, in the order of its figures; of a mean the exact sum, in units of 1e-17."""


class Columns(Protocol):
    """Rows or partial sums in ascending time; each aggregate names the column that it is made of."""

    @property
    def times(self) -> Integers: ...

    def integers(self, aggregate: Aggregate) -> Integers:
        """Return the rows that each row or partial sum counts for, or origins as bits."""

    def numbers(self, aggregate: Aggregate) -> Floats:
        """Return numbers, NaN where they are null."""

    def limbs(self, aggregate: Aggregate) -> Sequence[Integers]:
        """Return exact sums in units of 1e-17 in parts of LIMB_BITS bits, the highest first."""


def sum_buckets(figures: Figures, columns: Columns, grid: Grid) -> dict[int, Sums]:
    """Return {start of a bucket: its sums}, ascending."""
    times = columns.times
    if not len(times):
        return {}
    buckets = grid.floor(times)
    starts = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
    parts = [_REDUCERS[each.kind](columns, each, starts) for each in figures.aggregates]
    return dict(zip(buckets[starts].tolist(), zip(*parts, strict=True), strict=True))


def merge_sums(figures: Figures, one: Sums, other: Sums) -> Sums:
    """Return the sums of disjoint rows of one bucket."""
    pairs = zip(one, other, strict=True)
    return tuple(each.kind.merge(pair) for each, pair in zip(figures.aggregates, pairs, strict=True))


def to_buckets(figures: Figures, sums: Mapping[int, Sums]) -> list[tuple[Any, ...]]:
    """Return the buckets that sums come to, in their order: the start, then each figure."""
    if not sums:
        return []
    columns: list[Any] = list(zip(*sums.values(), strict=True))
    kinds = [each.kind for each in figures.aggregates]
    if of.MEAN in kinds:
        parts = (columns[kinds.index(kind)] for kind in (of.COUNT, of.MEAN, of.LEAST, of.GREATEST))
        columns[kinds.index(of.MEAN)] = map(_to_mean, *parts)
    return list(zip(sums, *columns, strict=True))


def sum_units(limbs: Sequence[Integers], starts: Integers) -> list[int]:
    """Return exact sums of ranges of integers, however large they grow."""
    sums, *rest = (np.add.reduceat(limb, starts).tolist() for limb in limbs)
    for reduced in rest:
        sums = [(high << LIMB_BITS) + low for high, low in zip(sums, reduced, strict=True)]
    return list(sums)


def to_limbs(scores: Floats) -> tuple[Integers, Integers]:
    """Return scores in units of 1e-17, as DuckDB casts them to DECIMAL(18, 17), in high and low parts.

    That is scaled in floating point, halves away from zero.

    >>> [limb.tolist() for limb in to_limbs(np.array([0.5, -1.5e-17]))]
    [[11641532, -1], [784662528, 4294967294]]
    """
    scaled = scores * _SCORE_UNIT
    whole = np.trunc(scaled)
    units = (whole + np.where(np.abs(scaled - whole) >= 0.5, np.sign(scaled), 0.0)).astype(np.int64)
    return units >> LIMB_BITS, units & (2**LIMB_BITS - 1)


def exact_mean(scores: Floats) -> float | None:
    """Return the mean of scores as that of a bucket of them; None of none.

    >>> exact_mean(np.array([0.5, 0.25])), exact_mean(np.array([]))
    (0.375, None)
    """
    if not len(scores):
        return None
    (units,) = sum_units(to_limbs(scores), np.zeros(1, dtype=np.int64))
    return _to_mean(len(scores), units, float(scores.min()), float(scores.max()))


def _to_mean(count: int, units: int, least: float, greatest: float) -> float:
    # Python divides integers to the nearest double, which is also how DuckDB turns a decimal into one.
    mean = units / _SCORE_UNIT / count
    return least if mean < least else greatest if mean > greatest else mean


def _to_totals(columns: Columns, aggregate: Aggregate, starts: Integers) -> list[float | None]:
    numbers = columns.numbers(aggregate)
    known, edges = ~np.isnan(numbers), [*starts.tolist(), len(numbers)]
    parts = [numbers[low:high][known[low:high]].tolist() for low, high in pairwise(edges)]
    return [fsum(part) if part else None for part in parts]


def _to_lasts(columns: Columns, aggregate: Aggregate, starts: Integers) -> list[Any]:
    numbers = columns.numbers(aggregate)
    lasts: list[Any] = numbers[np.append(starts[1:], len(numbers)) - 1].tolist()
    return lasts


_REDUCERS: Mapping[Kind, Callable[[Columns, Aggregate, Integers], list[Any]]] = {
    of.COUNT: lambda columns, each, starts: np.add.reduceat(columns.integers(each), starts).tolist(),
    of.MEAN: lambda columns, each, starts: sum_units(columns.limbs(each), starts),
    of.LEAST: lambda columns, each, starts: np.minimum.reduceat(columns.numbers(each), starts).tolist(),
    of.GREATEST: lambda columns, each, starts: np.maximum.reduceat(columns.numbers(each), starts).tolist(),
    of.FIRST: lambda columns, each, starts: columns.numbers(each)[starts].tolist(),
    of.LAST: _to_lasts,
    of.TOTAL: _to_totals,
    of.ORIGINS: lambda columns, each, starts: np.bitwise_or.reduceat(columns.integers(each), starts).tolist(),
}
