"""Statistics of forecasts against a random-walk baseline: errors, directions, intervals, significance.

The random walk of a forecast says that its base price stays: both are compared on the same targets.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tsa.stattools import acovf

from lakehouse.time_range import MINUTE_US

MIN_NON_OVERLAPPING = 30
SIGNIFICANCE = 0.05

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """Forecasts of one model for one horizon with their outcomes, ascending in target time; prices in quote.

    ``lower``, ``upper`` and ``nominal_coverage`` are NaN where there was no interval.
    """

    targets_us: Integers
    horizon_us: int
    base: Floats
    predicted: Floats
    realised: Floats
    lower: Floats
    upper: Floats
    nominal_coverage: Floats

    def since(self, start_us: int) -> "Outcomes":
        """Return the outcomes whose target is after an instant."""
        first = int(np.searchsorted(self.targets_us, start_us, side="right"))
        return Outcomes(
            targets_us=self.targets_us[first:],
            horizon_us=self.horizon_us,
            base=self.base[first:],
            predicted=self.predicted[first:],
            realised=self.realised[first:],
            lower=self.lower[first:],
            upper=self.upper[first:],
            nominal_coverage=self.nominal_coverage[first:],
        )

    def __len__(self) -> int:
        return len(self.targets_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Share of right directions, among forecasts that named one where the price moved.

    The interval is Wilson's, of 95 %, for as many outcomes as do not overlap (``n_non_overlapping``).
    """

    n: int
    n_non_overlapping: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Share of outcomes within their interval beside the nominal one, mean width in quote, mean pinball loss."""

    n: int
    coverage: float
    nominal_coverage: float
    mean_width: float
    pinball_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DieboldMariano:
    """Mean difference of losses, model less reference, as a t statistic with its two-sided p-value."""

    statistic: float
    p_value: float
    n_degrees: int


def mean_absolute_error(forecasts: Floats, realised: Floats) -> float:
    """Return the mean absolute error, in quote."""
    return float(np.mean(np.abs(forecasts - realised)))


def count_non_overlapping(targets_us: Integers, horizon_us: int) -> int:
    """Return the largest number of outcomes whose horizons do not overlap: each begins where the last has ended.

    ``targets_us`` ascend.

    >>> count_non_overlapping(np.array([0, 1, 2, 3, 6]), 3)
    3
    """
    return len(pick_non_overlapping(targets_us, horizon_us))


def pick_non_overlapping(targets_us: Integers, horizon_us: int) -> Integers:
    """Return the indices of the most outcomes that do not overlap, from the first on. ``targets_us`` ascend."""
    least_us = max(horizon_us, 1)
    if not np.any(np.diff(targets_us) < least_us):
        return np.arange(len(targets_us))
    following = np.searchsorted(targets_us, targets_us + least_us, side="left").tolist()
    picked, at, n = [], 0, len(following)
    while at < n:
        picked.append(at)
        at = following[at]
    return np.array(picked, dtype=np.int64)


def direction(outcomes: Outcomes) -> Direction | None:
    """Return the directions; None where no forecast named one. Source: Wilson 1927; statsmodels' proportion_confint."""
    predicted, realised = (
        np.sign(outcomes.predicted - outcomes.base),
        np.sign(outcomes.realised - outcomes.base),
    )
    counted = (predicted != 0) & (realised != 0)
    n = int(np.count_nonzero(counted))
    if not n:
        return None
    accuracy = float(np.mean(predicted[counted] == realised[counted]))
    n_apart = count_non_overlapping(outcomes.targets_us[counted], outcomes.horizon_us)
    low, high = proportion_confint(accuracy * n_apart, n_apart, alpha=SIGNIFICANCE, method="wilson")
    return Direction(n=n, n_non_overlapping=n_apart, accuracy=accuracy, low=float(low), high=float(high))


def intervals(outcomes: Outcomes) -> Intervals | None:
    """Return the intervals' figures; None where no forecast had an interval.

    The pinball loss is the mean over the two ends, as forecasts of the quantiles (1 ∓ nominal coverage) / 2.
    Source: Koenker & Bassett 1978; Gneiting & Raftery 2007, section 6.
    """
    given = ~np.isnan(outcomes.lower) & ~np.isnan(outcomes.upper)
    n = int(np.count_nonzero(given))
    if not n:
        return None
    lower, upper, realised = outcomes.lower[given], outcomes.upper[given], outcomes.realised[given]
    nominal = outcomes.nominal_coverage[given]
    losses = (
        pinball_loss(lower, realised, (1 - nominal) / 2) + pinball_loss(upper, realised, (1 + nominal) / 2)
    ) / 2
    return Intervals(
        n=n,
        coverage=float(np.mean((lower <= realised) & (realised <= upper))),
        nominal_coverage=float(np.mean(nominal)),
        mean_width=float(np.mean(upper - lower)),
        pinball_loss=float(np.mean(losses)),
    )


def diebold_mariano(outcomes: Outcomes) -> DieboldMariano | None:
    """Test whether the model's absolute errors differ from the random walk's by more than chance.

    None with under MIN_NON_OVERLAPPING outcomes that do not overlap, and for a model that says what the walk says.
    """
    differences = np.abs(outcomes.predicted - outcomes.realised) - np.abs(outcomes.base - outcomes.realised)
    return compare_losses(differences, outcomes.targets_us, outcomes.horizon_us)


def compare_losses(differences: Floats, targets_us: Integers, horizon_us: int) -> DieboldMariano | None:
    """Test whether differences of losses, model less reference, have a mean other than 0 by more than chance.

    None with under MIN_NON_OVERLAPPING outcomes that do not overlap, and where all differences are 0.
    The variance of the mean difference counts every autocovariance at which two horizons overlap (rectangular
    kernel; where that is not positive, Bartlett's of the same width). Forecasts that are missing on the regular grid
    of targets are left out of each product. The p-value is of Student's t with one degree less than there are
    outcomes that do not overlap, which is n - 1 where none do: the n of overlapping ones would claim more.
    Source: Diebold & Mariano 1995; Harvey, Leybourne & Newbold 1997, equation 9; Newey & West 1987.
    """
    n_apart = count_non_overlapping(targets_us, horizon_us)
    if n_apart < MIN_NON_OVERLAPPING or not np.any(differences):
        return None
    series, n_steps = _on_grid(differences, targets_us, horizon_us)
    n = int(np.count_nonzero(~np.isnan(series)))
    variance = _variance_of_mean(series, n=n, n_steps=n_steps)
    if not variance > 0:
        return None
    corrected = (n + 1 - 2 * n_steps + n_steps * (n_steps - 1) / n) / n
    statistic = float(np.nanmean(series)) / sqrt(variance) * sqrt(max(corrected, 0.0))
    p_value = 2 * float(student.sf(abs(statistic), n_apart - 1))
    return DieboldMariano(statistic=statistic, p_value=p_value, n_degrees=n_apart - 1)


def _on_grid(differences: Floats, targets_us: Integers, horizon_us: int) -> tuple[Floats, int]:
    """Return the differences on a regular grid of targets, NaN where there is none, and the steps of a horizon."""
    spacing_us = int(np.median(np.diff(targets_us)))
    step_us = max(round(spacing_us / MINUTE_US), 1) * MINUTE_US
    cells = (targets_us - targets_us[0]) // step_us
    sums = np.bincount(cells, weights=differences)
    counts = np.bincount(cells).astype(np.float64)
    series = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return series, max(ceil(horizon_us / step_us), 1)


def _variance_of_mean(series: Floats, *, n: int, n_steps: int) -> float:
    n_lags = min(n_steps - 1, len(series) - 1)
    covariances = acovf(series, missing="conservative", fft=True, nlag=n_lags)
    rectangular = float(covariances[0] + 2 * covariances[1:].sum()) / n
    if rectangular > 0:
        return rectangular
    weights = 1 - np.arange(1, n_lags + 1) / n_steps
    return float(covariances[0] + 2 * (weights * covariances[1:]).sum()) / n


def pinball_loss(quantiles: Floats, realised: Floats, levels: Floats) -> Floats:
    """Return the loss of each forecast of the quantile at its level. Source: Koenker & Bassett 1978."""
    above = realised - quantiles
    return np.maximum(levels * above, (levels - 1) * above)
