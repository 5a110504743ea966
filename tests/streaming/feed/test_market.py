"""Generated market: plausible prices, and forecasts from the past alone."""

import json

import numpy as np
from scipy.stats import norm

from lakehouse.time_range import MINUTE_US
from streaming.feed.forecast import HORIZONS, forecast_slots, prediction_values
from streaming.feed.market import MARKETS
from streaming.feed.noise import child_keys, normal, root_key, uniform
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.interruptions import is_down
from streaming.feed.prices.path import market_prices, mid_prices
from streaming.feed.schedule import Slots

MODEL = MarketModel(3)
NOON = 29_539_440  # 2026-03-01T12:00:00Z in epoch minutes
WEEK = np.arange(NOON, NOON + 7 * 1_440, dtype=np.int64)
WEEK_US = WEEK * MINUTE_US


def test_draws_are_uniform_normal_and_independent_of_each_other() -> None:
    keys = child_keys(root_key(1, "test"), np.arange(200_000))

    draws, others, normals = uniform(keys, 0), uniform(keys, 1), normal(keys, 0)

    assert abs(draws.mean() - 0.5) < 0.003
    assert abs(np.corrcoef(draws, others)[0, 1]) < 0.01
    assert abs(normals.mean()) < 0.01
    assert abs(normals.std() - 1) < 0.01


def test_a_price_does_not_depend_on_the_others_of_its_request() -> None:
    whole = mid_prices(MODEL, "eth", WEEK_US + 1_234_567)

    assert [mid_prices(MODEL, "eth", WEEK_US[at : at + 1] + 1_234_567)[0] for at in (0, 777, 5_000)] == [
        whole[0],
        whole[777],
        whole[5_000],
    ]


def test_no_price_jumps_at_midnight() -> None:
    returns = np.abs(np.diff(np.log(mid_prices(MODEL, "sol", WEEK_US))))
    at_midnight = returns[(WEEK[1:] % 1_440) == 0]

    assert at_midnight.max() < 6 * returns.std()


def test_volatility_comes_in_clusters_and_tails_are_fat() -> None:
    returns = np.diff(np.log(mid_prices(MODEL, "btc", WEEK_US)))
    hourly = np.abs(returns[: len(returns) // 60 * 60]).reshape(-1, 60).mean(axis=1)

    assert np.corrcoef(hourly[:-1], hourly[1:])[0, 1] > 0.3
    assert (returns**4).mean() / (returns**2).mean() ** 2 > 4


def test_a_venue_is_down_now_and_then_and_for_all_its_markets_at_once() -> None:
    primary = [market for market in MARKETS if market.venue == "simx"]
    month_us = np.arange(NOON, NOON + 30 * 1_440, dtype=np.int64) * MINUTE_US

    down = [is_down(MODEL, market, month_us) for market in primary]

    assert 0.001 < down[0].mean() < 0.03
    assert all((other == down[0]).all() for other in down)


def test_the_other_venue_differs_by_a_few_basis_points() -> None:
    btc = [market for market in MARKETS if market.symbol == "btc"]
    keys = child_keys(root_key(3, "test"), WEEK)

    here, there = (market_prices(MODEL, market, WEEK_US, keys) for market in btc)

    assert 1 < np.median(there / here - 1) * 1e4 < 8


def test_a_forecast_uses_no_price_later_than_its_moment() -> None:
    """Compute the forecasts again from the prices up to made_at alone, and compare."""
    for horizon in HORIZONS:
        made = np.array([NOON * MINUTE_US + 61_234_000])
        slots = Slots(made // MINUTE_US, np.zeros(1, dtype=np.int64), made, root_key(3, "test"))
        walk, drift = (json.loads(value) for value in prediction_values(MODEL, "ada", horizon, slots)[0])

        past = np.arange(made[0] // MINUTE_US - horizon.past_minutes, made[0] // MINUTE_US + 1) * MINUTE_US
        assert past.max() <= made[0]
        returns = np.diff(np.log(mid_prices(MODEL, "ada", past)))
        spread = np.sqrt((returns**2).mean() * horizon.minutes)
        base = mid_prices(MODEL, "ada", made)[0]

        base_said = round(base, 6)
        assert walk["predicted_price"] == base_said
        levels, values = walk["quantiles"]["levels"], walk["quantiles"]["values"]
        assert [values[levels.index(level)] for level in (0.05, 0.5, 0.95)] == [
            walk["lower"],
            base_said,
            walk["upper"],
        ]
        assert walk["upper"] == round(base * np.exp(norm.ppf(0.95) * spread), 6)
        assert drift["predicted_price"] == round(base * np.exp(0.15 * returns.mean() * horizon.minutes), 6)


def test_no_forecast_is_made_while_the_primary_market_is_down() -> None:
    month = np.arange(NOON, NOON + 30 * 1_440, dtype=np.int64)
    slots = forecast_slots(MODEL, "ada", minutes=month, extra_a_minute=np.full(month.shape, 0.2))

    assert not is_down(MODEL, MARKETS[0], slots.times_us).any()
    assert len(slots) > 8_000
