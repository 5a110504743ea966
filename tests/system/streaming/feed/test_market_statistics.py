"""Statistics of the generated market over weeks and years: levels, correlations, news, intervals."""

import json

import numpy as np

from lakehouse.time_range import MINUTE_US
from streaming.feed.forecast import HORIZONS, due_slots, forecast_slots, prediction_values
from streaming.feed.market import ASSETS
from streaming.feed.prices.behaviour import Behaviour, MarketModel
from streaming.feed.prices.bursts import bursts
from streaming.feed.prices.path import mid_prices

MODEL = MarketModel(3)
NOON = 29_539_440  # 2026-03-01T12:00:00Z in epoch minutes
WEEK = np.arange(NOON, NOON + 7 * 1_440, dtype=np.int64)
WEEK_US = WEEK * MINUTE_US


def test_prices_stay_near_their_usual_level_for_years() -> None:
    for year in (2009, 2019, 2026, 2040):
        minutes = np.arange(2) * 1_440 * 20 + (year - 1970) * 525_960
        for symbol in ("btc", "doge"):
            ratios = mid_prices(MODEL, symbol, minutes * MINUTE_US) / ASSETS[symbol].usual_price_usd
            assert ((ratios > 0.3) & (ratios < 3)).all()


def test_assets_move_together_and_bitcoin_least() -> None:
    returns = np.array([np.diff(np.log(mid_prices(MODEL, symbol, WEEK_US))) for symbol in ASSETS])

    assert (np.corrcoef(returns)[0, 1:] > 0.3).all()
    assert returns.std(axis=1).argmin() == 0


def moves_with_the_news(*, link: float) -> list[float]:
    """Return the moves of log prices in the 20 minutes after the start of each burst, in its direction."""
    moves: list[float] = []
    model = MarketModel(3, Behaviour(link=link))
    for symbol in ASSETS:
        news = bursts(3, symbol, NOON, NOON + 60 * 1_440)
        assert 30 < len(news) < 240
        starts = np.array([burst.start_minute for burst in news]) * MINUTE_US
        before, after = (np.log(mid_prices(model, symbol, at)) for at in (starts, starts + 20 * MINUTE_US))
        moves += list((after - before) * [burst.direction for burst in news])
    return moves


def test_bursts_of_news_are_few_a_day_and_do_not_predict_prices() -> None:
    assert 0.42 < np.mean(np.array(moves_with_the_news(link=0)) > 0) < 0.58  # three deviations of chance


def test_linked_news_moves_the_price_its_way() -> None:
    assert np.mean(np.array(moves_with_the_news(link=1)) > 0) > 0.6


def forecasts(minutes: np.ndarray) -> list[dict[str, object]]:
    slots = forecast_slots(MODEL, "ada", minutes=minutes, extra_a_minute=np.full(minutes.shape, 0.5))
    return [
        json.loads(value)
        for horizon in HORIZONS
        for values in prediction_values(MODEL, "ada", horizon, due_slots(slots, horizon))
        for value in values
    ]


def test_intervals_cover_about_what_they_claim() -> None:
    made = [f for f in forecasts(WEEK) if f["model"] == "random-walk" and f["horizon"] == "5m"]
    made_us = np.array([int(str(f["message_id"]).split(":")[1]) for f in made])
    realised = mid_prices(MODEL, "ada", made_us + 5 * MINUTE_US)

    inside = [f["lower"] <= price <= f["upper"] for f, price in zip(made, realised, strict=True)]  # type: ignore[operator]

    assert 0.8 < np.mean(inside) < 0.97
