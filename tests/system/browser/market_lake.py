"""A lake that looks like a market's last days: for pictures, and for tests that want something to look at."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

from lakehouse import lake
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.scores.quantiles import LEVELS
from tests.support.lake_builder import LakeBuilder, build_lake

USUAL_PRICES_USD = {"btc": 91_500.0, "eth": 3_120.0, "doge": 0.1412}
OUTAGE_HOURS_AGO = (52.0, 47.0)
_STEP = timedelta(minutes=3)
_NEWEST_TEXT = timedelta(seconds=20)
_HEADLINES = (
    ("{name} climbs as funds add to their holdings", 0.62),
    ("Analysts see {name} holding its range", 0.05),
    ("Regulator delays its ruling on {name} products", -0.38),
    ("Large {name} transfer to an exchange worries traders", -0.57),
    ("{name} network fees fall to a yearly low", 0.31),
    ("Developers publish the next {name} upgrade", 0.44),
)
_NORMAL = NormalDist()
_HALF = _NORMAL.inv_cdf(0.95)
_DEVIATES = [_NORMAL.inv_cdf(level) for level in LEVELS]
_HORIZONS = {
    "5m": (timedelta(minutes=5), 0.0017),
    "1h": (timedelta(hours=1), 0.007),
    "24h": (timedelta(hours=24), 0.03),
}
"""Horizon: how far ahead, and the deviation of the return, about the market's own."""
_MOVES = (0.005, 0.01, 0.02, 0.05)
_SOURCES = ("wire", "chain-desk", "market-post")
_NAMES = {"btc": "Bitcoin", "eth": "Ethereum", "doge": "Dogecoin"}

Row = dict[str, Any]


def build_market_lake(path: Path, *, days: float = 7.0, end: datetime | None = None) -> LakeBuilder:
    """Prices, texts and predictions of three assets up to ``end`` (now), with one outage of the market, and scored."""
    end = end or datetime.now(UTC)
    prices = {symbol: list(_walk(symbol, end, days)) for symbol in USUAL_PRICES_USD}
    builder = build_lake(
        path,
        price=[row for rows in prices.values() for row in rows],
        sentiment=[row for symbol in prices for row in _texts(symbol, end, days)],
        prediction=[row for rows in prices.values() for row in _predictions(rows)],
    )
    refresh_scores(lake.open(str(path)))
    return builder


def _walk(symbol: str, end: datetime, days: float) -> Iterator[Row]:
    draws = random.Random(f"price {symbol}")
    log, drift = 0.0, 0.0
    n_steps = int(timedelta(days=days) / _STEP)
    for i in range(n_steps, -1, -1):
        time = end - i * _STEP
        drift = 0.99 * drift + draws.gauss(0, 0.000025)
        log = 0.9995 * log + drift + draws.gauss(0, 0.0011)
        if OUTAGE_HOURS_AGO[1] < (end - time).total_seconds() / 3_600 < OUTAGE_HOURS_AGO[0]:
            continue
        price = USUAL_PRICES_USD[symbol] * math.exp(log)
        yield {"symbol": symbol, "event_time": time, "price": round(price, 6), "base_volume": draws.random()}


def _texts(symbol: str, end: datetime, days: float) -> Iterator[Row]:
    draws = random.Random(f"text {symbol}")
    time = end - timedelta(days=days)
    times = [end - _NEWEST_TEXT]
    while (time := time + timedelta(minutes=draws.expovariate(1 / 14))) < end - _NEWEST_TEXT:
        times.append(time)
    for time in times:
        mood = 0.35 * math.sin(time.timestamp() / 86_400 * 2.1)
        title, tone = _HEADLINES[draws.randrange(len(_HEADLINES))]
        score = max(-1.0, min(1.0, 0.7 * tone + mood + draws.gauss(0, 0.15)))
        label = "positive" if score > 0.15 else "negative" if score < -0.15 else "neutral"
        title = title.format(name=_NAMES[symbol])
        source = draws.choice(_SOURCES)
        yield {
            "symbol": symbol,
            "event_time": time,
            "score": score,
            "label": label,
            "title": title,
            "source": source,
        }


def _predictions(prices: list[Row]) -> Iterator[Row]:
    draws = random.Random("predictions")
    for before, row in zip(prices[:-20:5], prices[20::5], strict=False):
        # Of forecasts of a distribution those are scored that were made in the first minute of five.
        made_time = row["event_time"] - (row["event_time"] - datetime.min.replace(tzinfo=UTC)) % timedelta(
            minutes=5
        )
        for horizon, (ahead, share) in _HORIZONS.items():
            for model, kept in (("ridge-price", 0.3), ("random-walk", 0.0)):
                centre = row["price"] * (row["price"] / before["price"]) ** kept
                deviation = share * (0.8 + 0.5 * draws.random())
                yield {
                    "symbol": row["symbol"],
                    "made_at": made_time,
                    "target_time": made_time + ahead,
                    "horizon": horizon,
                    "model": model,
                    "base_price": row["price"],
                    "predicted_price": centre,
                    **_distribution(centre, deviation * row["price"]),
                    "moves": [
                        {"threshold": move, "probability": 2.0 * _NORMAL.cdf(-move / deviation)}
                        for move in _MOVES
                    ],
                }


def _distribution(centre: float, deviation: float) -> Row:
    return {
        "lower": centre - deviation * _HALF,
        "upper": centre + deviation * _HALF,
        "quantiles": {"levels": list(LEVELS), "values": [centre + deviation * one for one in _DEVIATES]},
    }
