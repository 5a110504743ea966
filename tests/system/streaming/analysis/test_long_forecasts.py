"""Forecaster of one asset after days of prices: every model predicts, and a link is learned where there is one."""

import numpy as np
import pytest

from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.models import HORIZONS, MODEL_NAMES
from tests.support.observations import (
    START_MINUTE,
    forecast,
    minute_of,
    price_arrivals,
    sentiment_arrival,
    walk,
)


def test_closed_minute_gives_one_prediction_per_model_and_horizon_once_all_have_learned() -> None:
    texts = [sentiment_arrival(at, 60 * at + 20, 0.5) for at in range(0, 4_600, 60)]
    made = forecast([*price_arrivals(walk(4_600, seed=1)), *texts])
    last = [(p.horizon, p.model) for p in made if p.made_us == made[-1].made_us]
    assert last == [(horizon.name, model) for horizon in HORIZONS for model in MODEL_NAMES]
    assert len({(p.made_us, p.horizon, p.model) for p in made}) == len(made)
    assert all(
        p.lower is not None and p.upper is not None and p.lower < p.predicted_price < p.upper
        for p in made[-9:]
    )


@pytest.mark.parametrize(("strength", "is_learned"), [(0.0, False), (6e-4, True)])
def test_link_from_sentiment_to_price_is_learned_where_there_is_one(
    strength: float, is_learned: bool
) -> None:
    """Compare two markets: in one of them each text moves the price over the five minutes after it."""
    n_minutes, draw = 6_000, np.random.default_rng(11)
    scores = np.where(draw.random(n_minutes) < 0.2, draw.uniform(-1, 1, n_minutes), 0.0)
    push = np.convolve(scores, np.ones(5))[: n_minutes - 1]
    returns = draw.normal(0, 0.0005, n_minutes)
    returns[1:] += strength * push
    prices = (100 * np.exp(np.cumsum(returns))).tolist()
    texts = [sentiment_arrival(at, 60 * at + 20, scores[at]) for at in np.flatnonzero(scores).tolist()]
    made = forecast([*price_arrivals(prices), *texts])
    errors = {"ridge-price": 0.0, "ridge-sentiment": 0.0}
    for p in made:
        target = p.target_us // MINUTE_US - START_MINUTE - 1
        if p.horizon == "5m" and p.model in errors and minute_of(p) > n_minutes // 2 and target < n_minutes:
            errors[p.model] += abs(prices[target] - p.predicted_price)
    relative = errors["ridge-sentiment"] / errors["ridge-price"]
    assert relative < 0.98 if is_learned else relative == pytest.approx(1.0, abs=0.005)
