"""A lake with forecasts whose outcomes are known: a price every five minutes, a forecast at each of them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse import lake
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.scores.quantiles import LEVELS
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

STEP = timedelta(minutes=5)


def build_scored_lake(
    path: Path, *, n: int, errors: dict[str, tuple[float, float]], last_target: datetime = NOON
) -> LakeBuilder:
    """Prices go 100, 102, 100, ... so that the random walk is always 2 wrong; ``errors`` of a model come in turn."""
    first = last_target - n * STEP
    forecasts = [
        {
            "made_at": first + i * STEP,
            "target_time": first + (i + 1) * STEP,
            "horizon": "5m",
            "model": model,
            "base_price": _price(i),
            "predicted_price": _price(i + 1) + turn[i % 2],
            "lower": _price(i + 1) - 1.0,
            "upper": _price(i + 1) + 3.0,
            "quantiles": {"levels": list(LEVELS), "values": [_price(i) + step for step in range(-5, 6)]},
        }
        for i in range(n)
        for model, turn in errors.items()
    ]
    builder = build_lake(
        path,
        prediction=forecasts,
        price=[{"event_time": first + i * STEP, "price": _price(i)} for i in range(n + 2)],
    )
    refresh_scores(lake.open(str(path)))
    return builder


def add(builder: LakeBuilder, *forecasts: dict[str, Any], prices: tuple[dict[str, Any], ...] = ()) -> None:
    """More forecasts and prices, scored."""
    builder.append("gold_prediction", forecasts)
    builder.append("gold_price", prices)
    refresh_scores(lake.open(str(builder.path)))


def _price(i: int) -> float:
    return 100.0 + i % 2 * 2
