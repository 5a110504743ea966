"""Models: expected log returns over a horizon; two of them learn from outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg.lapack import dposv

from streaming.analysis.prediction.features import N_FEATURES, N_PRICE_FEATURES, Vector

RANDOM_WALK = "random-walk"
RIDGE_PRICE = "ridge-price"
RIDGE_SENTIMENT = "ridge-sentiment"
MODEL_NAMES = (RANDOM_WALK, RIDGE_PRICE, RIDGE_SENTIMENT)
MODEL_VERSION = "2.0.0"
"""One version for all: they share features, horizons and the distribution around what they expect."""

MIN_OUTCOMES = 30
MAX_DEVIATIONS = 1.0
_RIDGE_OUTCOMES = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Distance of a forecast, and the steps in which outcomes are learned: neighbouring ones are nearly the same.

    ``learning_days`` is the half-life of what a linear model has learned, ``scale_days`` that of the scale, whose
    levels have the half-lives ``level_minutes``; the distribution is that of the last ``n_moves`` moves, its levels
    adapted by ``adaptation`` with each outcome.
    """

    name: str
    minutes: int
    step_minutes: int
    learning_days: float
    scale_days: float
    level_minutes: tuple[int, ...]
    n_moves: int
    adaptation: float

    @property
    def overlap(self) -> float:
        """Return how many outcomes, a step apart, share a minute: together they count about as one."""
        return self.minutes / self.step_minutes

    @property
    def decay(self) -> float:
        """Return the factor by which one more outcome reduces the weight of the past."""
        return float(0.5 ** (self.step_minutes / (1_440 * self.learning_days)))


HORIZONS = (
    Horizon(
        name="5m",
        minutes=5,
        step_minutes=1,
        learning_days=3,
        scale_days=90,
        level_minutes=(3, 10, 30, 120, 1_440),
        n_moves=4_000,
        adaptation=0.002,
    ),
    Horizon(
        name="1h",
        minutes=60,
        step_minutes=6,
        learning_days=7,
        scale_days=180,
        level_minutes=(10, 60, 240, 1_440, 10_080),
        n_moves=2_000,
        adaptation=0.002,
    ),
    # A day's outcomes overlap so much that an adaptation would follow one lucky or unlucky day.
    Horizon(
        name="24h",
        minutes=1_440,
        step_minutes=60,
        learning_days=30,
        scale_days=365,
        level_minutes=(240, 1_440, 4_320, 14_400, 43_200),
        n_moves=1_000,
        adaptation=0.0,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Inputs of a forecast for one horizon.

    ``deviation`` is that of the log return over the horizon, ``features`` those of features.py (None: too short a past
    since the last gap); ``has_news`` says whether those of texts stand for any.
    """

    deviation: float
    features: Vector | None
    has_news: bool


class Model(Protocol):
    """One model for one horizon of one symbol."""

    def expect(self, inputs: Inputs) -> float | None:
        """Return the expected log return; None to withhold the forecast."""

    def learn(self, inputs: Inputs, log_return: float) -> None:
        """Learn from the outcome of these inputs."""


@dataclass(slots=True)
class RandomWalk:
    """The price stays where it is: the baseline of every other model."""

    def expect(self, inputs: Inputs) -> float | None:
        return 0.0

    def learn(self, inputs: Inputs, log_return: float) -> None:
        pass


class Ridge:
    """A linear model in the first ``n_features`` features, refitted with each outcome; the past fades exponentially.

    Weighted least squares with a ridge that stands for _RIDGE_OUTCOMES independent outcomes without any effect, so
    that little evidence gives forecasts near the random walk's. The ridge does not fade: without news the weights of
    the sentiment features shrink instead of exploding. Withheld for MIN_OUTCOMES outcomes.

    Source: exponentially weighted least squares (Haykin, "Adaptive Filter Theory", chapter on RLS) with the constant
    ridge of Hoerl & Kennard 1970 in place of the fading one of textbook RLS.
    With ``needs_news``, withheld and not learned while there is none: it would repeat the model without sentiment.
    """

    __slots__ = ("_decay", "_moments", "_n_outcomes", "_needs_news", "_products", "_ridge", "_weights")

    def __init__(self, n_features: int, horizon: Horizon, *, needs_news: bool = False) -> None:
        self._needs_news = needs_news
        self._decay = horizon.decay
        self._ridge: Vector = _RIDGE_OUTCOMES * horizon.overlap * np.eye(n_features)
        self._moments: Vector = np.zeros((n_features, n_features))
        self._products: Vector = np.zeros(n_features)
        self._weights: Vector = np.zeros(n_features)
        self._n_outcomes = 0

    def expect(self, inputs: Inputs) -> float | None:
        if (
            inputs.features is None
            or self._n_outcomes < MIN_OUTCOMES
            or (self._needs_news and not inputs.has_news)
        ):
            return None
        deviations = float(self._weights @ inputs.features[: len(self._weights)])
        return _bounded(deviations * inputs.deviation, inputs.deviation)

    def learn(self, inputs: Inputs, log_return: float) -> None:
        if inputs.features is None or (self._needs_news and not inputs.has_news):
            return
        x = inputs.features[: len(self._weights)]
        self._moments = self._decay * self._moments + x[:, None] * x
        self._products = self._decay * self._products + x * (log_return / inputs.deviation)
        # Cholesky, straight from LAPACK: the matrix is positive definite by its ridge, and numpy's checks of a
        # matrix this small cost ten times the solution.
        _, self._weights, _ = dposv(self._moments + self._ridge, self._products)
        self._n_outcomes += 1


def new_models(horizon: Horizon) -> dict[str, Model]:
    """Return new models by name, in the order of MODEL_NAMES."""
    return {
        RANDOM_WALK: RandomWalk(),
        RIDGE_PRICE: Ridge(N_PRICE_FEATURES, horizon),
        RIDGE_SENTIMENT: Ridge(N_FEATURES, horizon, needs_news=True),
    }


def _bounded(log_return: float, deviation: float) -> float:
    """Limit an expected return to MAX_DEVIATIONS, so that an extreme weight makes no extreme price."""
    limit = MAX_DEVIATIONS * deviation
    return max(-limit, min(limit, log_return))
