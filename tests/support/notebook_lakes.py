"""Lakes of many kinds on which every notebook has to run: little, much, and tables without rows or absent."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from lakehouse import lake
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from tests.support.lake_builder import NOON, LakeBuilder, Row


def build_notebook_lake(kind: str, path: Path) -> LakeLocation:
    """Build a lake of a kind, with rollups and scores of what it has."""
    builder = LakeBuilder(path)
    KINDS[kind](builder)
    refresh_rollups(lake.open(str(path)))
    refresh_scores(lake.open(str(path)))
    return builder.location


def _times(n: int, step: timedelta, *, since: datetime = NOON) -> list[datetime]:
    return [since + step * at for at in range(n)]


def _texts(symbol: str, times: list[datetime]) -> list[Row]:
    return [
        {"symbol": symbol, "event_time": time, "score": ((at * 7) % 19 - 9) / 10, "source": "wire"}
        for at, time in enumerate(times)
    ]


def _prices(symbol: str, times: list[datetime]) -> list[Row]:
    return [
        {"symbol": symbol, "event_time": time, "price": 100.0 + (at * 13) % 17 + at / 1_000}
        for at, time in enumerate(times)
    ]


def _forecasts(symbol: str, times: list[datetime], *, horizon: str, ahead: timedelta) -> list[Row]:
    return [
        {"symbol": symbol, "made_at": time, "target_time": time + ahead, "horizon": horizon, "model": model}
        for time in times
        for model in ("walk", "ridge")
    ]


def _empty(builder: LakeBuilder) -> None:
    for name in ("gold_sentiment", "gold_price", "gold_prediction", "gold_news"):
        builder.append(name, [])


def _texts_only(builder: LakeBuilder) -> None:
    builder.append("gold_sentiment", _texts("new", _times(3, timedelta(minutes=7))))


def _one_text_without_score(builder: LakeBuilder) -> None:
    builder.append("gold_sentiment", [{"score": None, "label": None}])


def _prices_only(builder: LakeBuilder) -> None:
    builder.append("gold_price", _prices("btc", _times(90, timedelta(minutes=1))))


def _an_asset_without_a_price(builder: LakeBuilder) -> None:
    times = _times(8 * 60, timedelta(minutes=1))
    builder.append("gold_price", _prices("btc", times))
    builder.append("gold_sentiment", _texts("btc", times[::9]) + _texts("new", times[::5]))
    builder.append("gold_prediction", _forecasts("btc", times[:240], horizon="1h", ahead=timedelta(hours=1)))


def _an_hour(builder: LakeBuilder) -> None:
    times = _times(60, timedelta(minutes=1))
    builder.append("gold_price", _prices("btc", times) + _prices("eth", times))
    builder.append("gold_sentiment", _texts("btc", times[::12]) + _texts("eth", times[::30]))
    builder.append("gold_prediction", _forecasts("btc", times[:20], horizon="5m", ahead=timedelta(minutes=5)))


def _a_year(builder: LakeBuilder) -> None:
    since = NOON - timedelta(days=365)
    hours = _times(365 * 24, timedelta(hours=1), since=since)
    builder.append("gold_price", _prices("btc", hours))
    builder.append("gold_sentiment", _texts("btc", hours[::6]))
    builder.append(
        "gold_prediction", _forecasts("btc", hours[::24], horizon="24h", ahead=timedelta(hours=24))
    )
    builder.append("gold_sentiment", _texts("btc", _times(3, timedelta(hours=1))))


KINDS: Mapping[str, Callable[[LakeBuilder], None]] = {
    "empty": _empty,
    "texts only": _texts_only,
    "one text without a score": _one_text_without_score,
    "prices only": _prices_only,
    "an asset without a price": _an_asset_without_a_price,
    "an hour": _an_hour,
    "a year": _a_year,
}
