"""Lead-lag test of two series: rank correlations at lags, with bands and one test of all of them.

The bands come from a circular block bootstrap of pairs, which keeps neighbouring steps of a block together. The test
rotates the leader against the follower: each keeps its own autocorrelation, and only their relation is lost.
Its statistic is the largest correlation over all requested lags, so that many lags make none of
them significant by their number (the familywise error is held at 5 %).

Source: Künsch 1989 and Politis & Romano 1992 (circular block bootstrap); Westfall & Young 1993 (maximum statistic).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from statsmodels.stats.multitest import multipletests

BAND = (2.5, 97.5)
SIGNIFICANCE = 0.05
_MIN_PAIRS = 30
_CHUNK = 250

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadLag:
    """Rank correlation of ``leader[t - lag]`` with ``follower[t]``; at a lag above 0 the leader came first.

    ``low`` and ``high`` are pointwise 95 % bands. ``threshold`` is what the largest absolute correlation over lags 1 to
    the last exceeds by chance once in 20 times, ``p_value`` how often chance reaches the observed one.
    """

    lags: Integers
    correlation: Floats
    low: Floats
    high: Floats
    threshold: float
    p_value: float
    n: int

    @property
    def best_lag(self) -> int:
        """Lag above 0 with the largest absolute correlation."""
        ahead = self.lags > 0
        return int(self.lags[ahead][np.argmax(np.abs(self.correlation[ahead]))])


def lead_lag(
    leader: Floats, follower: Floats, *, max_lag: int, block_steps: int, n_draws: int = 1_000, seed: int = 0
) -> LeadLag:
    """Return the lead-lag test of two series of one grid of steps, NaN where there is nothing.

    A leader's value is known when its step ends.
    Deterministic for a seed. Raises ValueError where the series differ in length or have too few pairs for the lags.
    """
    if leader.shape != follower.shape:
        raise ValueError(f"{len(leader)} steps of the leader, {len(follower)} of the follower")
    n = len(leader)
    if n < _MIN_PAIRS + 4 * max_lag:
        raise ValueError(
            f"{n} steps are too few for lags up to {max_lag}: at least {_MIN_PAIRS + 4 * max_lag}"
        )
    rng = np.random.default_rng(seed)
    ranked, followed = rankdata(leader, nan_policy="omit"), rankdata(follower, nan_policy="omit")
    lags = np.arange(-max_lag, max_lag + 1)
    pairs = [_pairs(ranked, followed, lag) for lag in lags.tolist()]
    correlation = np.array([_correlation(x, y) for x, y in pairs])
    bands = np.array([_band(x, y, rng, block_steps, n_draws) for x, y in pairs])
    largest = _largest_by_chance(ranked, followed, max_lag, rng, n_draws)
    observed = np.max(np.abs(correlation[lags > 0]))
    return LeadLag(
        lags=lags,
        correlation=correlation,
        low=bands[:, 0],
        high=bands[:, 1],
        threshold=float(np.quantile(largest, 1 - SIGNIFICANCE)),
        p_value=float((1 + np.count_nonzero(largest >= observed)) / (1 + len(largest))),
        n=int(np.count_nonzero(~np.isnan(leader) & ~np.isnan(follower))),
    )


def holm(p_values: Floats) -> Floats:
    """Return p-values adjusted for their number. Source: Holm 1979.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    adjusted: Floats = multipletests(p_values, method="holm")[1]
    return adjusted


def _pairs(leader: Floats, follower: Floats, lag: int) -> tuple[Floats, Floats]:
    if lag > 0:
        return leader[:-lag], follower[lag:]
    if lag < 0:
        return leader[-lag:], follower[:lag]
    return leader, follower


def _correlation(x: Floats, y: Floats) -> Floats:
    """Return the correlation along the last axis, over the steps that have both; 0 where one does not vary."""
    both = ~np.isnan(x) & ~np.isnan(y)
    n = np.maximum(both.sum(axis=-1, keepdims=True), 1)
    x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
    x = np.where(both, x - x.sum(axis=-1, keepdims=True) / n, 0.0)
    y = np.where(both, y - y.sum(axis=-1, keepdims=True) / n, 0.0)
    scale = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    product = (x * y).sum(axis=-1)
    correlation: Floats = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    return correlation


def _band(
    x: Floats, y: Floats, rng: np.random.Generator, block_steps: int, n_draws: int
) -> tuple[float, float]:
    n_blocks = -(-len(x) // block_steps)
    drawn = []
    for begun in range(0, n_draws, _CHUNK):
        starts = rng.integers(0, len(x), size=(min(_CHUNK, n_draws - begun), n_blocks, 1))
        steps = ((starts + np.arange(block_steps)) % len(x)).reshape(starts.shape[0], -1)[:, : len(x)]
        drawn.append(_correlation(x[steps], y[steps]))
    low, high = np.percentile(np.concatenate(drawn), BAND)
    return float(low), float(high)


def _largest_by_chance(
    leader: Floats, follower: Floats, max_lag: int, rng: np.random.Generator, n_draws: int
) -> Floats:
    """Return the largest absolute correlations over lags 1 to ``max_lag`` of rotations, none near the original lags."""
    n = len(leader)
    rotations = rng.choice(
        np.arange(2 * max_lag, n - 2 * max_lag), size=min(n_draws, n - 4 * max_lag), replace=False
    )
    largest = np.zeros(len(rotations))
    for lag in range(1, max_lag + 1):
        steps = (np.arange(n - lag) - rotations[:, None]) % n
        by_chance = np.abs(_correlation(leader[steps], np.broadcast_to(follower[lag:], steps.shape)))
        largest = np.maximum(largest, by_chance)
    return largest
