"""Fewer points for one curve: its shape by min-max LTTB, its extremes always, its counts summed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tsdownsample import MinMaxLTTBDownsampler

from lakehouse.history.curves import merge_buckets
from lakehouse.history.query import Row

MIN_POINTS = 4
MAX_POINTS = 10_000
_LEAST_OF_LTTB = 3


def select_points(times_us: Sequence[int], values: Sequence[float | None], n_points: int) -> list[int]:
    """Indices of at most ``n_points`` points of a curve, ascending: first, last, lowest, highest, and its shape.

    A point without a value is left out unless it is the first or the last. ``times_us`` ascend; ``n_points`` is
    at least MIN_POINTS and less than there are points.
    Source: Van Der Donckt et al., "MinMaxLTTB: Leveraging MinMax-Preselection to Scale LTTB" (arXiv 2305.00332).
    """
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    known = np.flatnonzero(~np.isnan(numbers))
    kept = {0, len(times_us) - 1}
    if len(known):
        kept |= {int(known[np.argmin(numbers[known])]), int(known[np.argmax(numbers[known])])}
        kept |= _shape(np.asarray(times_us, dtype=np.int64), numbers, known, n_points - len(kept))
    return sorted(kept)


def downsample_rows(
    columns: Sequence[str], rows: Sequence[Row], *, axis: str, curve: str, n_points: int
) -> list[Row]:
    """At most ``n_points`` rows; every other row is left out."""
    if len(rows) <= n_points:
        return list(rows)
    time_at, value_at = columns.index(axis), columns.index(curve)
    kept = select_points([row[time_at] for row in rows], [row[value_at] for row in rows], n_points)
    return [rows[index] for index in kept]


def downsample_buckets(
    columns: Sequence[str], rows: Sequence[Row], *, curve: str, n_points: int
) -> list[Row]:
    """At most ``n_points`` buckets; each also holds the counts and extremes of those left out just before it."""
    if len(rows) <= n_points:
        return list(rows)
    at = columns.index(curve)
    kept = select_points([row[0] for row in rows], [row[at] for row in rows], n_points)
    starts = [0, *(index + 1 for index in kept[:-1])]
    return [
        merge_buckets(columns, rows[start : index + 1]) for start, index in zip(starts, kept, strict=True)
    ]


def _shape(
    times_us: npt.NDArray[np.int64], numbers: npt.NDArray[np.float64], known: npt.NDArray[np.intp], n_out: int
) -> set[int]:
    if n_out < _LEAST_OF_LTTB:
        return set()
    times = np.ascontiguousarray(times_us[known])
    found = MinMaxLTTBDownsampler().downsample(times, np.ascontiguousarray(numbers[known]), n_out=n_out)
    return {int(index) for index in known[found]}
