"""Scores of predictive distributions that are given by quantiles."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]

LEVELS = (0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.975)
"""Levels that every distribution is scored at, so that scores compare; those of this project's own forecasts."""
BASIS_POINTS = 1e4


def crps_of_quantiles(moves: Floats, quantiles: Floats) -> Floats:
    """Return the continuous ranked probability score of each row of quantiles at LEVELS, in the unit of ``moves``.

    Twice the integral of the pinball loss over the levels, by the trapezoidal rule; what lies beyond the outermost
    levels is left out of every distribution alike. Source: Laio & Tamea 2007, equation 9.
    """
    levels = np.array(LEVELS)
    above = moves[:, None] - quantiles
    losses = np.maximum(levels * above, (levels - 1.0) * above)
    scores: Floats = 2.0 * np.trapezoid(losses, levels, axis=1)
    return scores


def pits_of_quantiles(moves: Floats, quantiles: Floats) -> Floats:
    """Return the level of each move within its quantiles at LEVELS: 0 below all of them and 1 above.

    Where quantiles are equal to the move, the middle of their levels. Source: Dawid 1984.
    """
    n_below = np.sum(quantiles < moves[:, None], axis=1)
    n_at_most = np.sum(quantiles <= moves[:, None], axis=1)
    edges = np.array((0.0, *LEVELS, 1.0))
    at = np.arange(len(moves))
    low = quantiles[at, np.clip(n_below - 1, 0, len(LEVELS) - 1)]
    high = quantiles[at, np.clip(n_below, 0, len(LEVELS) - 1)]
    inside = (n_below > 0) & (n_below < len(LEVELS))
    share = np.divide(moves - low, high - low, out=np.zeros(len(moves)), where=inside & (high > low))
    between = edges[n_below] + share * (edges[np.minimum(n_below + 1, len(LEVELS))] - edges[n_below])
    levels = np.where(inside, between, np.where(n_below == 0, 0.0, 1.0))
    ties = n_at_most > n_below
    middles = (edges[np.minimum(n_below + 1, len(LEVELS))] + edges[n_at_most]) / 2.0
    pits: Floats = np.where(ties, middles, levels)
    return pits


def score_distributions(
    quantiles: pa.ChunkedArray, base: pa.ChunkedArray, realised: pa.ChunkedArray
) -> tuple[pa.Array, pa.Array]:
    """Return CRPS, in basis points of log returns, and PIT of forecasts with their outcomes; null without.

    Quantiles at other levels are interpolated to LEVELS; those that do not reach from the first to the last of them
    have no score.
    """
    crps = np.full(len(base), np.nan)
    pits = np.full(len(base), np.nan)
    rows = np.flatnonzero(pc.and_(pc.is_valid(quantiles), pc.is_valid(realised)).to_numpy())
    given = quantiles.take(pa.array(rows)).to_pylist()
    at_levels = {
        row: values for row, one in zip(rows.tolist(), given, strict=True) if (values := _at_levels(one))
    }
    if at_levels:
        scored = np.array(list(at_levels))
        bases = np.log(base.to_numpy()[scored])
        moves = np.log(np.asarray(pc.cast(realised, pa.float64()).to_numpy())[scored]) - bases
        logs = np.log(np.array(list(at_levels.values()))) - bases[:, None]
        crps[scored] = crps_of_quantiles(moves, logs) * BASIS_POINTS
        pits[scored] = pits_of_quantiles(moves, logs)
    return pa.array(crps, from_pandas=True), pa.array(pits, from_pandas=True)


def _at_levels(quantiles: dict[str, list[float]]) -> list[float] | None:
    levels, values = quantiles["levels"], quantiles["values"]
    if tuple(levels) == LEVELS:
        return values
    if levels[0] > LEVELS[0] or levels[-1] < LEVELS[-1]:
        return None
    interpolated: list[float] = np.interp(LEVELS, levels, values).tolist()
    return interpolated
