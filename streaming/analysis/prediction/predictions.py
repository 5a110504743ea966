"""Predictions of a minute: the numbers of one forecast, and whether they are prices."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lakehouse.messages.contract_field import LEAST_MAGNITUDE, MOST_MAGNITUDE
from lakehouse.scores.quantiles import LEVELS
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.bars import Bar
from streaming.analysis.prediction.distribution import Spread
from streaming.analysis.prediction.models import Horizon

_LOWER, _UPPER = LEVELS.index(0.05), LEVELS.index(0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Probability of a rise, where the price moves, beside the share of rises among past moves."""

    p_up: float
    base_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One forecast: ``spread``, ``quantiles``, ``lower`` and ``upper`` are None in a market's first hour.

    They are None after a long gap, too. ``quantiles`` are prices at LEVELS; ``lower`` and ``upper`` are those of the
    interval of NOMINAL_COVERAGE.
    """

    symbol: str
    made_us: int
    target_us: int
    horizon: str
    model: str
    base_price: float
    predicted_price: float
    spread: Spread | None
    quantiles: tuple[float, ...] | None
    direction: Direction
    quote: str
    origin: str

    @property
    def lower(self) -> float | None:
        return None if self.quantiles is None else self.quantiles[_LOWER]

    @property
    def upper(self) -> float | None:
        return None if self.quantiles is None else self.quantiles[_UPPER]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What the predictions of one minute have in common: the asset, the bar and its origin."""

    symbol: str
    bar: Bar
    origin: str

    def make(
        self,
        horizon: Horizon,
        model: str,
        log_return: float,
        spread: Spread | None,
        direction: Direction,
    ) -> Prediction | None:
        """Return the prediction of a model that expects this log return; None where a number is no valid price."""
        base, quantiles = self.bar.close, None
        try:
            predicted = base * math.exp(log_return)
            if spread is not None:
                quantiles = tuple(base * math.exp(one) for one in spread.quantiles())
        except OverflowError:
            return None
        ends = () if quantiles is None else (quantiles[0], quantiles[-1])
        if not all(LEAST_MAGNITUDE <= price <= MOST_MAGNITUDE for price in (base, predicted, *ends)):
            return None
        return Prediction(
            symbol=self.symbol,
            made_us=self.bar.end_us,
            target_us=self.bar.end_us + horizon.minutes * MINUTE_US,
            horizon=horizon.name,
            model=model,
            base_price=base,
            predicted_price=predicted,
            spread=spread,
            quantiles=quantiles,
            direction=direction,
            quote=self.bar.market.quote,
            origin=self.origin,
        )
