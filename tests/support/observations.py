"""Prices and sentiments as they arrive, for tests: one price in the middle of each minute unless said otherwise."""

from collections.abc import Iterable, Sequence

import numpy as np

from lakehouse.messages.contract import make_message_id
from lakehouse.series.markets import Market
from lakehouse.time_range import MINUTE_US, SECOND_US, to_time
from streaming.analysis.prediction.arrivals import TOPICS, Arrival, PriceObservation, SentimentObservation
from streaming.analysis.prediction.forecaster import Forecaster
from streaming.analysis.prediction.predictions import Prediction

START_MINUTE = 29_484_000  # 2026-01-22T00:00:00Z
SIMX = Market("simx", "usd")
_SENTIMENT_TOPIC, _PRICE_TOPIC = TOPICS


def price_at(
    second: float,
    price: float,
    *,
    delay_seconds: float = 1.0,
    market: Market = SIMX,
    origin: str = "collected",
) -> PriceObservation:
    """Return a price so many seconds after the start, which arrived a little later."""
    event_us = START_MINUTE * MINUTE_US + round(second * SECOND_US)
    return PriceObservation(event_us, event_us + round(delay_seconds * SECOND_US), market, price, origin)


def price_arrival(offset: int, seen: PriceObservation) -> Arrival:
    return seen.broker_us, _PRICE_TOPIC, 0, offset, seen


def price_arrivals(
    prices: Sequence[float], *, minutes: Iterable[int] | None = None, delay_seconds: float = 1.0
) -> list[Arrival]:
    """One price in the middle of each of the minutes (by default one after the other)."""
    at = range(len(prices)) if minutes is None else minutes
    return [
        price_arrival(offset, price_at(60 * minute + 30, price, delay_seconds=delay_seconds))
        for offset, (minute, price) in enumerate(zip(at, prices, strict=True))
    ]


def sentiment_arrival(
    offset: int,
    second: float,
    score: float,
    *,
    delay_seconds: float = 1.0,
    key: str = "",
    origin: str = "collected",
) -> Arrival:
    event_us = START_MINUTE * MINUTE_US + round(second * SECOND_US)
    message_id = make_message_id(key="btc", event_time=to_time(event_us), natural_key=(key or str(offset),))
    seen = SentimentObservation(event_us, message_id, score, origin)
    return event_us + round(delay_seconds * SECOND_US), _SENTIMENT_TOPIC, 0, offset, seen


def minute_of(prediction: Prediction) -> int:
    """Minutes from the start to the moment of a prediction."""
    return prediction.made_us // MINUTE_US - START_MINUTE


def walk(n_minutes: int, *, seed: int, deviation: float = 0.001) -> list[float]:
    """Prices of a random walk that starts near 100."""
    returns = np.random.default_rng(seed).normal(0.0, deviation, n_minutes)
    prices: list[float] = (100.0 * np.exp(np.cumsum(returns))).tolist()
    return prices


def forecast(arrivals: Iterable[Arrival]) -> list[Prediction]:
    """Return the predictions of a new forecaster of btc for messages that arrive all at once."""
    return list(Forecaster("btc").add(arrivals))
