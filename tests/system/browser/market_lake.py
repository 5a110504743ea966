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
_STEP = timedelta(minutes=2.5)
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
    "5m": (timedelta(minutes=5), timedelta(minutes=5), 0.0016),
    "1h": (timedelta(hours=1), timedelta(minutes=15), 0.0068),
    "24h": (timedelta(hours=24), timedelta(hours=1), 0.04),
}
"""Horizon: how far ahead, how often, and the deviation of the return, about the market's own."""
_EPOCH = datetime.min.replace(tzinfo=UTC)
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
    # Every prediction is made, and comes due, at the time of a price; the newest price is fresh.
    newest = _floor(end, timedelta(minutes=5))
    for time in sorted({end, *(newest - i * _STEP for i in range(int(timedelta(days=days) / _STEP) + 1))}):
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
    for number, time in enumerate(times):
        mood = 0.35 * math.sin(time.timestamp() / 86_400 * 2.1)
        title, tone = _HEADLINES[draws.randrange(len(_HEADLINES))]
        score = max(-1.0, min(1.0, 0.7 * tone + mood + draws.gauss(0, 0.15)))
        label = "positive" if score > 0.15 else "negative" if score < -0.15 else "neutral"
        # A number of its own makes each text a story of its own.
        title = f"{title.format(name=_NAMES[symbol])}, block {840_000 + number:,}"
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
    """Yield predictions in the order in which they are made: a refresh stops at the first without an outcome."""
    draws = random.Random("predictions")
    for made_time, horizon, base in sorted(_bases(prices[20:])):
        ahead, _, share = _HORIZONS[horizon]
        for model, turn in (("ridge-price", 0.0005), ("random-walk", 0.0)):
            centre = base * (1.0 + turn * draws.choice((-1, 1)))
            deviation = share * (0.6 + 0.8 * draws.random())
            yield {
                "symbol": prices[0]["symbol"],
                "made_at": made_time,
                "target_time": made_time + ahead,
                "horizon": horizon,
                "model": model,
                "base_price": base,
                "predicted_price": centre,
                **_distribution(centre, deviation * base),
                "moves": [
                    {"threshold": move, "probability": 2.0 * _NORMAL.cdf(-move / deviation)}
                    for move in _MOVES
                ],
            }


def _bases(prices: list[Row]) -> Iterator[tuple[datetime, str, float]]:
    """Yield when a prediction is made, its horizon, and the price that it begins at."""
    for horizon, (_, every, _) in _HORIZONS.items():
        for row in prices:
            if row["event_time"] == _floor(row["event_time"], every):
                yield row["event_time"], horizon, row["price"]


def _floor(time: datetime, width: timedelta) -> datetime:
    return time - (time - _EPOCH) % width


def _distribution(centre: float, deviation: float) -> Row:
    return {
        "lower": centre - deviation * _HALF,
        "upper": centre + deviation * _HALF,
        "quantiles": {"levels": list(LEVELS), "values": [centre + deviation * one for one in _DEVIATES]},
    }
