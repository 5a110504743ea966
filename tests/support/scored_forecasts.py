"""Scored forecasts of a made-up market, as the scores of distributions read them from gold_score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from lakehouse.scores.quantiles import LEVELS, Floats, crps_of_quantiles, pits_of_quantiles
from lakehouse.time_range import MINUTE_US

START_US = 1_767_225_600_000_000
STEP_US = 5 * MINUTE_US
MOVES = (0.005, 0.01)
_NORMAL = np.array(norm.ppf(LEVELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpMarket:
    """Returns of five minutes whose deviation changes every few hours, by a factor of up to ``liveliness``."""

    n_days: int
    liveliness: float = 4.0
    seed: int = 1

    def deviations(self) -> Floats:
        random = np.random.default_rng(self.seed)
        n = self.n_days * 288
        factors = self.liveliness ** random.uniform(-0.5, 0.5, n // 48 + 1)
        return 1e-3 * np.repeat(factors, 48)[:n]

    def returns(self) -> Floats:
        return self.deviations() * np.random.default_rng(self.seed + 1).normal(size=self.n_days * 288)


def scored_forecasts(market: MadeUpMarket, stated: Floats, *, n_steps: int = 1, **kind: Any) -> pa.Table:
    """Return forecasts over ``n_steps`` of five minutes whose deviations of one step are ``stated``."""
    cumulated = np.concatenate(([0.0], np.cumsum(market.returns())))
    returns = cumulated[n_steps:] - cumulated[:-n_steps]
    return pa.Table.from_pylist(
        list(_rows(returns, stated * np.sqrt(n_steps), n_steps, kind)), schema=_SCHEMA
    )


def _rows(returns: Floats, stated: Floats, n_steps: int, kind: dict[str, Any]) -> Iterator[dict[str, Any]]:
    quantiles = stated[: len(returns), None] * _NORMAL
    crps, pits = crps_of_quantiles(returns, quantiles) * 1e4, pits_of_quantiles(returns, quantiles)
    probabilities = 2.0 * norm.sf(np.array(MOVES) / stated[: len(returns), None])
    name = {1: "5m", 12: "1h", 288: "24h"}[n_steps]
    for at, log_return in enumerate(returns.tolist()):
        made_us = START_US + at * STEP_US
        yield {
            "model": "random-walk",
            "model_version": "1",
            "horizon": name,
            "data": "real",
            "timeliness": "live",
            "made_us": made_us,
            "target_us": made_us + n_steps * STEP_US,
            "log_return": log_return,
            "expected": 0.0,
            "lower": float(quantiles[at, 1]),
            "upper": float(quantiles[at, 9]),
            "nominal_coverage": 0.9,
            "crps": float(crps[at]),
            "pit": float(pits[at]),
            "thresholds": list(MOVES),
            "probabilities": probabilities[at].tolist(),
        } | kind


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "model_version", "horizon", "data", "timeliness")),
        *((name, pa.int64()) for name in ("made_us", "target_us")),
        *(
            (n, pa.float64())
            for n in ("log_return", "expected", "lower", "upper", "nominal_coverage", "crps", "pit")
        ),
        *((name, pa.list_(pa.float64())) for name in ("thresholds", "probabilities")),
    ]
)
