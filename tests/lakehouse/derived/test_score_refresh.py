"""Scoring of forecasts: the price, the time, and each forecast once."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from compaction.rewriting import compact
from lakehouse import lake
from lakehouse.derived import score_refresh
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from lakehouse.scores.scorecard import read_scorecard
from lakehouse.series.markets import Asset, MarketRules, SymbolRules
from lakehouse.time_range import to_us
from tests.support.lake_builder import NOON, LakeBuilder, at, build_lake
from tests.support.profiles import sized

N_EARLY = 200
QUANTILES = {
    "levels": [0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.975],
    "values": [95.0, 96.0, 97.0, 98.5, 99.5, 100.0, 100.5, 101.5, 103.0, 104.0, 105.0],
}
MINUTES = {"5m": 5, "1h": 60, "24h": 1440}


class CrashError(Exception):
    """The process dies here."""


def forecast(made_minutes: float = 0, horizon: str = "5m", **more: Any) -> dict[str, Any]:
    made_at = at(minutes=made_minutes)
    target = made_at + timedelta(minutes=MINUTES[horizon])
    return {"made_at": made_at, "target_time": target, "horizon": horizon} | more


def price(minutes: float, value: float = 100.0, **more: Any) -> dict[str, Any]:
    return {"event_time": at(minutes=minutes), "price": value} | more


def scores(reader: Lake) -> list[dict[str, Any]]:
    return sorted(reader.table("gold_score").arrow().to_pylist(), key=lambda row: row["kafka_offset"])


def outcomes(reader: Lake) -> list[tuple[int, float | None]]:
    return [(row["kafka_offset"], row["realised_price"]) for row in scores(reader)]


def scored(path: Path) -> list[tuple[int, float | None]]:
    reader = lake.open(str(path))
    refresh_scores(reader)
    return outcomes(reader)


@contextmanager
def around_commits(do: Callable[[Callable[[], int], int], int]) -> Iterator[None]:
    """``do(commit, n)`` stands in for the n-th commit of a refresh."""
    real, n_commits = score_refresh.append, 0

    def append(*args: Any, **more: Any) -> int:
        nonlocal n_commits
        n_commits += 1
        return do(lambda: real(*args, **more), n_commits - 1)

    with patch.object(score_refresh, "append", append):
        yield


def test_score_has_forecast_price_error_and_the_position_of_both(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        prediction=[forecast(predicted_price=101.5, broker_time=at(seconds=2), quantiles=QUANTILES)],
        price=[price(0), price(4.5, 103.0, kafka_partition=1), price(10)],
    )
    reader = lake.open(str(tmp_path))
    report = refresh_scores(reader)
    assert report is not None
    assert (report.n_scores, report.n_without_price, report.n_commits) == (1, 0, 1)
    assert scores(reader) == [
        {
            "symbol": "btc",
            "target_time": at(minutes=5),
            "made_at": NOON,
            "horizon": "5m",
            "model": "walk",
            "model_version": "1",
            "base_price": 100.0,
            "predicted_price": 101.5,
            "lower": 90.0,
            "upper": 110.0,
            "nominal_coverage": 0.9,
            "quote": "usd",
            "sigma": 0.01,
            "p_up": 0.5,
            "p_up_base_rate": 0.52,
            "moves": [{"threshold": 0.01, "probability": 0.25}],
            "crps": pytest.approx(183.13, abs=0.01),
            "pit": pytest.approx(0.9, abs=1e-9),
            "outcome": "realised",
            "realised_price": 103.0,
            "realised_time": at(minutes=4.5),
            "error": -1.5,
            "timeliness": "live",
            "venue": "simx",
            "message_id": "btc:gold_prediction:0:0",
            "origin": "generated",
            "topic_id": "TopicPrediction",
            "kafka_partition": 0,
            "kafka_offset": 0,
            "broker_time": at(seconds=2),
            "price_topic_id": "TopicPrice",
            "price_partition": 1,
            "price_offset": 0,
            "event_date": date(2026, 1, 10),
        }
    ]


@pytest.mark.parametrize(
    ("prices", "realised"),
    [
        ([price(5, 1.0), price(10)], 1.0),
        ([price(3, 2.0), price(10)], 2.0),
        ([price(2.99, 3.0), price(10)], None),
        ([price(4, 1.0), price(5.01, 2.0), price(10)], 1.0),
        ([price(10)], None),
        ([price(4, 7.0, venue="coinbase"), price(4.5, 1.0), price(10, venue="coinbase")], 7.0),
        ([price(4, 7.0, venue="kraken", quote="eur"), price(10, venue="kraken", quote="eur")], None),
    ],
    ids=[
        "a price on the target",
        "a price of two minutes before",
        "a price of over two minutes before",
        "a price after the target",
        "no price before the target",
        "the primary market's price, not the newer one of another",
        "a primary market in another quote",
    ],
)
def test_realised_price_is_the_primary_markets_last_one(
    tmp_path: Path, prices: list[dict[str, Any]], realised: float | None
) -> None:
    build_lake(tmp_path, prediction=[forecast()], price=prices)
    assert scored(tmp_path) == [(0, realised)]


def binance(minutes: float, value: float) -> dict[str, Any]:
    return price(minutes, value, venue="binance", quote="usdt")


def kraken(minutes: float, value: float) -> dict[str, Any]:
    return price(minutes, value, venue="kraken")


DELISTED = [*(binance(m, 1.0) for m in range(-60, 30)), *(kraken(m, 2.0) for m in range(-60, 300))]
"""The preferred market has prices until 12:29, and is known to be silent at 14:00."""


@pytest.mark.parametrize(
    ("made_minutes", "quote", "realised"),
    [(0, "usdt", 1.0), (0, "usd", None), (60, "usdt", None), (120, "usdt", None), (121, "usd", 2.0)],
    ids=[
        "its own market's",
        "another quote than its market's",
        "its market is gone at the target",
        "made of a price that the market no longer had",
        "the market that is left",
    ],
)
def test_score_is_of_the_market_that_the_forecast_was_made_of(
    tmp_path: Path, made_minutes: float, quote: str, realised: float | None
) -> None:
    build_lake(tmp_path, prediction=[forecast(made_minutes, quote=quote)], price=DELISTED)
    assert scored(tmp_path) == [(0, realised)]


def test_forecast_of_an_asset_that_the_symbol_no_longer_is_has_no_price(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        prediction=[forecast(50), forecast(56), forecast(61)],
        price=[price(minute, float(minute)) for minute in range(90)],
    )
    edge_us = to_us(at(minutes=60))
    rules = MarketRules(symbols={"btc": SymbolRules(assets=(Asset(0, edge_us), Asset(edge_us, name="new")))})
    reader = Lake(lake.open(str(tmp_path)).location, market_rules=rules)
    refresh_scores(reader)
    assert outcomes(reader) == [(0, 55.0), (1, None), (2, 66.0)]

    card = read_scorecard(reader, symbol="btc", as_of_us=to_us(at(minutes=90)))
    before = read_scorecard(reader, symbol="btc", as_of_us=edge_us - 1)
    assert {(score.n, score.n_without_price) for score in card.scores} == {(1, 0)}
    assert (card.asset.name, before.asset.name) == ("new", None)
    assert {score.n for score in before.scores} == {1}


@pytest.mark.parametrize("seed", range(sized(quick=1, full=2, soak=40)))
def test_scores_over_changes_of_market_are_the_same_whatever_the_refreshes(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    silent = set(range(rng.randrange(120, 180), rng.randrange(260, 330)))
    steps = [
        (binance(m, rng.random() + 1), kraken(m, rng.random() + 9), forecast(m, "5m", quote=quote))
        for m in range(420)
        for quote in (["usdt", "usd"][m % 2],)
    ]
    builder, whole = LakeBuilder(tmp_path / "bits"), LakeBuilder(tmp_path / "whole")
    for start in range(0, len(steps), 35):
        window = steps[start : start + 35]
        prices = [
            tick
            for at_minute, (best, other, _) in enumerate(window, start)
            for tick in ((other,) if at_minute in silent else (best, other))
        ]
        for each in (builder, whole):
            each.append("gold_prediction", [made for _, _, made in window])
            each.append("gold_price", prices)
        refresh_scores(lake.open(str(builder.path)))
    refresh_scores(lake.open(str(whole.path)))
    found, expected = (scores(lake.open(str(each.path))) for each in (builder, whole))
    assert found == expected
    assert {row["venue"] for row in found} == {"binance", "kraken", None}


def test_forecast_waits_until_the_market_has_a_price_five_minutes_past_the_target(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, prediction=[forecast()], price=[price(5, 1.0), price(9.99)])
    assert scored(tmp_path) == []
    builder.append("gold_price", [price(5, 2.0), price(10)])
    assert scored(tmp_path) == [(0, 2.0)]


def test_price_that_came_after_the_grace_changes_nothing_however_late_the_refresh_is(tmp_path: Path) -> None:
    build_lake(tmp_path, prediction=[forecast()], price=[price(4, 1.0), price(10), price(5, 2.0)])
    assert scored(tmp_path) == [(0, 1.0)]


def test_silent_market_settles_once_the_table_has_gone_on_for_an_hour(tmp_path: Path) -> None:
    builder = build_lake(
        tmp_path, prediction=[forecast(), forecast(1)], price=[price(4, 1.0), price(64, symbol="eth")]
    )
    assert scored(tmp_path) == []
    builder.append("gold_price", [price(65, symbol="eth")])
    assert scored(tmp_path) == [(0, 1.0)]
    builder.append("gold_price", [price(66, symbol="eth")])
    assert scored(tmp_path) == [(0, 1.0), (1, 1.0)]


def test_forecast_of_a_symbol_without_any_price_is_scored_as_no_price(tmp_path: Path) -> None:
    build_lake(tmp_path, prediction=[forecast(symbol="sol")], price=[price(65)])
    reader = lake.open(str(tmp_path))
    report = refresh_scores(reader)
    assert report is not None
    assert (report.n_scores, report.n_without_price) == (1, 1)
    (row,) = scores(reader)
    assert (row["outcome"], row["realised_price"], row["error"], row["venue"]) == (
        "no price",
        None,
        None,
        None,
    )


def test_forecast_that_the_broker_had_at_its_target_time_is_a_replay(tmp_path: Path) -> None:
    just_before = at(minutes=5) - timedelta(microseconds=1)
    build_lake(
        tmp_path,
        prediction=[forecast(broker_time=at(minutes=5)), forecast(broker_time=just_before)],
        price=[price(10)],
    )
    reader = lake.open(str(tmp_path))
    refresh_scores(reader)
    assert [row["timeliness"] for row in scores(reader)] == ["replay", "live"]


def test_short_horizons_are_scored_while_a_day_is_awaited_and_the_day_when_it_is_over(tmp_path: Path) -> None:
    mixed = [forecast(minute, horizon) for minute in (0, 1) for horizon in ("24h", "5m", "1h")]
    builder = build_lake(tmp_path, prediction=mixed, price=[price(5, 1.0), price(11)])
    reader = lake.open(str(tmp_path))
    first = refresh_scores(reader)
    assert first is not None
    assert outcomes(reader) == [(1, 1.0), (4, 1.0)]
    assert first.position.to_json() == {"TopicPrediction": [0]}
    builder.append("gold_price", [price(1440, 2.0), price(1445)])
    second = refresh_scores(reader)
    assert second is not None
    assert [offset for offset, _ in outcomes(reader)] == [0, 1, 2, 4, 5]
    assert second.position.to_json() == {"TopicPrediction": [3]}
    assert reader.table("gold_score").position.to_json() == {"TopicPrediction": [3]}


def test_forecast_further_ahead_than_any_window_neither_counts_nor_holds_others_up(tmp_path: Path) -> None:
    far = {"made_at": NOON, "target_time": at(days=31), "horizon": "31d"}
    build_lake(tmp_path, prediction=[far, forecast()], price=[price(5, 1.0), price(10)])
    reader = lake.open(str(tmp_path))
    report = refresh_scores(reader)
    assert report is not None
    assert outcomes(reader) == [(1, 1.0)]
    assert report.position.to_json() == {"TopicPrediction": [2]}


def test_second_refresh_right_after_commits_nothing(tmp_path: Path) -> None:
    build_lake(tmp_path, prediction=[forecast(), forecast(0, "24h")], price=[price(10)])
    reader = lake.open(str(tmp_path))
    refresh_scores(reader)
    again = refresh_scores(reader)
    assert again is not None
    assert (again.n_scores, again.n_commits) == (0, 0)


def test_refresher_that_comes_second_loses_its_commit_where_the_position_stands_still(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, prediction=[forecast(0, "24h")], price=[price(0)])
    refresh_scores(lake.open(str(tmp_path)))
    builder.append("gold_prediction", [forecast(1)])
    builder.append("gold_price", [price(11)])
    other = lake.open(str(tmp_path))

    def interrupt(commit: Callable[[], int], n_commits: int) -> int:
        if n_commits == 0:
            refresh_scores(other)
        return commit()

    reader = lake.open(str(tmp_path))
    with around_commits(interrupt):
        report = refresh_scores(reader)
    assert report is not None
    assert report.n_scores == 0
    assert [offset for offset, _ in outcomes(reader)] == [1]


def test_refreshers_at_once_score_each_forecast_once(tmp_path: Path) -> None:
    build_lake(tmp_path, prediction=[forecast(i) for i in range(60)], price=[price(i) for i in range(80)])
    readers = [lake.open(str(tmp_path)) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda reader: refresh_scores(reader, offsets_per_commit=9), readers))
    assert outcomes(lake.open(str(tmp_path))) == [(i, 100.0) for i in range(60)]


@pytest.mark.parametrize("seed", range(sized(quick=1, full=2, soak=40)))
def test_scores_are_the_same_whatever_the_refreshes_crashes_and_compactions(
    tmp_path: Path, seed: int
) -> None:
    """Forecasts and prices come bit by bit, some prices late; refreshes die around commits; files are merged."""
    rng = random.Random(seed)
    builder, whole = build_lake(tmp_path / "bits"), LakeBuilder(tmp_path / "whole")
    readers = [lake.open(str(builder.path)) for _ in range(2)]
    forecasts, prices = _arrivals(rng)
    for start in range(0, N_EARLY, 40):
        window = slice(start, start + 40)
        builder.append("gold_prediction", forecasts[window], partitions=(0, 1))
        builder.append("gold_price", prices[window], partitions=(0, 1))
        _refresh_or_die(rng, readers)
        if rng.random() < 0.3:
            compact.compact_lake(builder.location, wait_for_late_rows=False)
    for name, rows in (("gold_prediction", forecasts), ("gold_price", prices)):
        builder.append(name, rows[N_EARLY:], partitions=(0, 1))
        for start in range(0, N_EARLY, 40):
            whole.append(name, rows[start : start + 40], partitions=(0, 1))
        whole.append(name, rows[N_EARLY:], partitions=(0, 1))
    once = lake.open(str(whole.path))
    refresh_scores(once)
    refresh_scores(readers[0], offsets_per_commit=50)
    found, expected = (
        sorted(reader.table("gold_score").arrow().to_pylist(), key=lambda row: row["message_id"])
        for reader in (readers[0], once)
    )
    assert found == expected
    assert len(found) == len({row["message_id"] for row in found})
    assert len(found) > 80


def _arrivals(rng: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    symbols = {"btc": 0, "eth": 1, "sol": 0}
    forecasts, prices = [], []
    for step in range(N_EARLY + 20):
        symbol = rng.choice(list(symbols))
        minute, partition = step / 2, symbols[symbol]
        horizon = rng.choice(("5m", "1h", "24h"))
        forecasts.append(forecast(round(minute), horizon, symbol=symbol, kafka_partition=partition))
        late = rng.choice((0, 0, 0, 1, 3, 6, 20))
        prices.append(
            price(minute - late, 100 + rng.random(), symbol=symbol, kafka_partition=partition)
            | {"ingest_time": at(minutes=minute)}
        )
    return forecasts, prices


def _refresh_or_die(rng: random.Random, readers: list[Lake]) -> None:
    who, dies_at, after_it = rng.randrange(2), rng.randrange(4), rng.random() < 0.5

    def crash(commit: Callable[[], int], n_commits: int) -> int:
        if n_commits < dies_at:
            return commit()
        if after_it:
            commit()
        raise CrashError

    with around_commits(crash):
        try:
            refresh_scores(readers[who], offsets_per_commit=rng.choice((30, 70, 1_000)))
        except CrashError:
            readers[who] = lake.open(readers[who].location.uri)
