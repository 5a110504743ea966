"""Generated forecasts by two simple models, from no price later than the moment of the forecast."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtr, ndtri

from lakehouse.messages.contract import PREDICTED_PRICE
from lakehouse.scores.quantiles import LEVELS
from lakehouse.time_range import MINUTE_US
from streaming.feed.market import ASSETS, MARKETS, Market
from streaming.feed.noise import Floats, Ints, child_keys, uniform
from streaming.feed.prices.behaviour import MarketModel
from streaming.feed.prices.interruptions import is_down
from streaming.feed.prices.path import mid_prices, quoted_prices
from streaming.feed.schedule import Slots, draw_slots, mark_slots
from streaming.kafka.messages import to_rfc3339, to_value

MODELS = ("random-walk", "drift")
MODEL_VERSION = "1.0.0"
NOMINAL_COVERAGE = 0.9
_NORMAL_LEVELS = ndtri(LEVELS)
_MOVES = np.array((0.005, 0.01, 0.02, 0.05))
_DRIFT_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Horizon:
    """A forecast's distance, the past that it uses, and its period, all in minutes."""

    name: str
    minutes: int
    past_minutes: int
    every_minutes: int


HORIZONS = (Horizon("5m", 5, 120, 5), Horizon("1h", 60, 480, 15), Horizon("24h", 1_440, 1_440, 60))


def forecast_slots(model: MarketModel, symbol: str, *, minutes: Ints, extra_a_minute: Floats) -> Slots:
    """Return when forecasts are made: at each multiple of five minutes, and in between on a dense feed.

    None is made while the primary market is down.
    """
    marks = mark_slots(model.seed, "forecast", symbol, minutes=minutes)
    extra = draw_slots(model.seed, "forecast", symbol, minutes=minutes, expected=extra_a_minute)
    both = Slots(
        np.concatenate((marks.minutes, extra.minutes)),
        np.concatenate((marks.numbers, extra.numbers)),
        np.concatenate((marks.times_us, extra.times_us)),
        np.concatenate((marks.keys, extra.keys)),
    )
    return both.where(~is_down(model, _primary_market(symbol), both.times_us)) if len(both) else both


def forecast_latency_us(slots: Slots) -> Ints:
    return (150_000 + 500_000 * uniform(slots.keys, 50)).astype(np.int64)


def due_slots(slots: Slots, horizon: Horizon) -> Slots:
    """Return the slots at which a horizon is forecast: its multiples, and all slots in between on a dense feed."""
    due = slots.where((slots.numbers >= 0) | (slots.minutes % horizon.every_minutes == 0))
    return Slots(due.minutes, due.numbers, due.times_us, child_keys(due.keys, horizon.minutes))


def prediction_values(
    model: MarketModel, symbol: str, horizon: Horizon, slots: Slots
) -> list[tuple[bytes, ...]]:
    """Return for each slot the messages of all models for one horizon."""
    if not len(slots):
        return []
    made_us = slots.times_us
    base = quoted_prices(model, _primary_market(symbol), made_us)
    drift, spread = _past(model, symbol, horizon, made_us)
    variant = model.behaviour.variant
    version = f"{MODEL_VERSION}+seed{model.seed}" + (f"+{variant}" if variant else "")
    rows = zip(made_us.tolist(), base.tolist(), drift.tolist(), spread.tolist(), strict=True)
    return [tuple(_prediction_value(version, symbol, horizon, name, *row) for name in MODELS) for row in rows]


def _past(model: MarketModel, symbol: str, horizon: Horizon, made_us: Ints) -> tuple[Floats, Floats]:
    """Return expected log return over the horizon and its deviation, from the whole minutes before each instant."""
    last = made_us // MINUTE_US
    minutes = np.arange(int(last.min()) - horizon.past_minutes, int(last.max()) + 1, dtype=np.int64)
    logs = np.log(mid_prices(model, symbol, minutes * MINUTE_US))
    start = last - horizon.past_minutes - minutes[0]
    squares = sliding_window_view(np.diff(logs) ** 2, horizon.past_minutes)[start]
    mean = (logs[start + horizon.past_minutes] - logs[start]) / horizon.past_minutes
    variance = squares.sum(axis=1) / horizon.past_minutes
    return _DRIFT_SHARE * mean * horizon.minutes, np.sqrt(variance * horizon.minutes)


def _prediction_value(
    version: str,
    symbol: str,
    horizon: Horizon,
    model: str,
    made_us: int,
    base: float,
    drift: float,
    spread: float,
) -> bytes:
    digits = ASSETS[symbol].price_digits + 1
    centre = base * float(np.exp(drift)) if model == "drift" else base
    quantiles = np.round(centre * np.exp(_NORMAL_LEVELS * spread), digits).tolist()
    return to_value(
        PREDICTED_PRICE,
        event_time_us=made_us,
        natural_key=(model, version, horizon.name),
        symbol=symbol,
        target_time=to_rfc3339(made_us + horizon.minutes * MINUTE_US),
        horizon=horizon.name,
        model=model,
        model_version=version,
        base_price=round(base, digits),
        predicted_price=round(centre, digits),
        lower=quantiles[LEVELS.index(0.05)],
        upper=quantiles[LEVELS.index(0.95)],
        nominal_coverage=NOMINAL_COVERAGE,
        quote=_primary_market(symbol).quote,
        sigma=spread,
        p_up=0.5,
        quantiles={"levels": LEVELS, "values": quantiles},
        moves=_moves(float(np.log(centre / base)), spread),
    )


def _moves(expected: float, spread: float) -> list[dict[str, float]]:
    """Return the probabilities of moves of more than MOVES of a normal log return."""
    sides = np.concatenate((np.log1p(_MOVES) - expected, expected - np.log1p(-_MOVES))) / spread
    tails = ndtr(-sides).reshape(2, -1).sum(axis=0)
    return [
        {"threshold": move, "probability": tail}
        for move, tail in zip(_MOVES.tolist(), tails.tolist(), strict=True)
    ]


def _primary_market(symbol: str) -> Market:
    return next(market for market in MARKETS if market.symbol == symbol)
