"""Fewer points for one curve: its shape by min-max LTTB, its extremes always, its counts summed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tsdownsample import MinMaxLTTBDownsampler

from lakehouse.errors import QueryError
from lakehouse.history.query import Row
from lakehouse.series.aggregates import PRICE_FIGURES, SENTIMENT_FIGURES

MIN_POINTS = 4
MAX_POINTS = 10_000
_LEAST_OF_LTTB = 3

_MERGES: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    each.name: each.kind.merge
    for figures in (SENTIMENT_FIGURES, PRICE_FIGURES)
    for each in figures.aggregates
}


def select_points(
    times_us: Sequence[int], values: Sequence[float | None], n_points: int, *, ends: Sequence[int] = ()
) -> list[int]:
    """Return indices of at most ``n_points`` points of a curve: first, last, lowest, highest, and its shape.

    ``ends`` are selected too, where they leave room for the others. Indices ascend. A point without a value is left out
    unless it is the first or the last. ``times_us`` ascend; ``n_points`` is at least MIN_POINTS and less than there
    are points.
    Source: Van Der Donckt et al., "MinMaxLTTB: Leveraging MinMax-Preselection to Scale LTTB" (arXiv 2305.00332).
    """
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    known = np.flatnonzero(~np.isnan(numbers))
    selected = {0, len(times_us) - 1, *ends}
    if len(known):
        selected |= {int(known[np.argmin(numbers[known])]), int(known[np.argmax(numbers[known])])}
        selected |= _shape(np.asarray(times_us, dtype=np.int64), numbers, known, n_points - len(selected))
    return sorted(selected)


def downsample_rows(
    columns: Sequence[str], rows: Sequence[Row], *, axis: str, curve: str, n_points: int
) -> list[Row]:
    """Return at most ``n_points`` rows; every other row is left out."""
    if len(rows) <= n_points:
        return list(rows)
    time_at, value_at = columns.index(axis), columns.index(curve)
    selected = select_points([row[time_at] for row in rows], [row[value_at] for row in rows], n_points)
    return [rows[index] for index in selected]


def downsample_buckets(
    columns: Sequence[str], rows: Sequence[Row], *, curve: str, n_points: int, ends: Sequence[int] = ()
) -> list[Row]:
    """Return at most ``n_points`` buckets; each also has the counts and extremes of those left out just before it.

    ``ends`` are the indices of the last buckets of markets, of which none is merged into another market's. Raises
    QueryError where they are too many.
    """
    if len(rows) <= n_points:
        return list(rows)
    if len(ends) + MIN_POINTS > n_points:
        raise QueryError(
            parameter="points",
            problem=f"the primary market changes {len(ends)} times in the range, and a point is of one market",
            accepted=f"at least {len(ends) + MIN_POINTS} points, or a shorter range",
        )
    at = columns.index(curve)
    selected = select_points([row[0] for row in rows], [row[at] for row in rows], n_points, ends=ends)
    starts = [0, *(index + 1 for index in selected[:-1])]
    return [
        _merge(columns, rows[start : index + 1], curve) for start, index in zip(starts, selected, strict=True)
    ]


def _merge(columns: Sequence[str], rows: Sequence[Row], curve: str) -> Row:
    """Merge consecutive buckets into the last of them, which stays where it is on the curve."""
    if len(rows) == 1:
        return rows[0]
    return tuple(
        _merge_column(name, values, curve)
        for name, values in zip(columns, zip(*rows, strict=True), strict=True)
    )


def _merge_column(name: str, values: Sequence[Any], curve: str) -> Any:
    if name in ("complete", "filled"):
        return all(values)
    if name == curve or name not in _MERGES:
        return values[-1]
    known = [value for value in values if value is not None]
    return _MERGES[name](known) if known else None


def _shape(
    times_us: npt.NDArray[np.int64], numbers: npt.NDArray[np.float64], known: npt.NDArray[np.intp], n_out: int
) -> set[int]:
    if n_out < _LEAST_OF_LTTB:
        return set()
    times = np.ascontiguousarray(times_us[known])
    indices = MinMaxLTTBDownsampler().downsample(times, np.ascontiguousarray(numbers[known]), n_out=n_out)
    return {int(index) for index in known[indices]}
