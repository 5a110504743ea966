"""The scorecard over HTTP. The API's now is the end of 2026-01-10."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse import lake
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.scores.quantiles import LEVELS
from tests.api.docs.test_openapi import check
from tests.support.api_client import Api
from tests.support.lake_builder import build_lake
from tests.support.scored_lake import build_scored_lake

ApiOf = Callable[[Path], Api]
PATH = "/api/v1/prediction/{symbol}/score"


def test_score_says_what_a_model_was_worth_in_numbers_and_words(tmp_path: Path, api_of: ApiOf) -> None:
    build_scored_lake(tmp_path, n=40, errors={"good": (0.5, -1.5)})
    answer = api_of(tmp_path).get("/api/v1/prediction/BTC/score", "modele=good&horizon=5m")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.document["requete"] == {
        "symbol": "btc",
        "modele": "good",
        "horizon": "5m",
        "date_fin": "2026-01-11T00:00:00Z",
        "fenetres": ["24h", "7d", "30d"],
    }
    assert [score["window"] for score in answer.document["scores"]] == ["24h", "7d", "30d"]
    score = answer.document["scores"][0]
    assert (score["n"], score["n_non_overlapping"], score["relative_error"]) == (40, 40, 0.5)
    assert score["origins"] == ["generated"]
    assert score["verdict"].startswith("beats the random walk")
    (distribution,) = answer.document["distributions"]
    kind = ("model", "horizon", "data", "timeliness", "n", "n_apart", "since", "until")
    assert [distribution[name] for name in kind] == [
        "good",
        "5m",
        "generated",
        "live",
        40,
        40,
        "2026-01-10T08:40:00Z",
        "2026-01-10T12:00:00Z",
    ]
    assert (distribution["n_minutes"], distribution["n_minutes_without_forecast"]) == (39 * 5 + 1, 39 * 4)
    assert distribution["coverage"]["share"] == 1.0
    assert [one["verdict"] for one in distribution["verdicts"]] == ["too little data"] * 3
    assert answer.document["sentences"] == [
        "Forecasts of a generated market:",
        "Where the price moves: too little data.",
    ]
    (table,) = answer.document["snapshot"]
    assert (table["table"], table["position"]) == ("gold_score", {"TopicPrediction": [40]})


def test_a_days_horizon_has_no_figure_with_under_ninety_outcomes(tmp_path: Path, api_of: ApiOf) -> None:
    made = [
        datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day) for day in range(8) for hour in (0, 1)
    ]
    forecast = {"horizon": "24h", "model": "good", "predicted_price": 100.0, "base_price": 100.0}
    interval = {
        "lower": 90.0,
        "upper": 110.0,
        "quantiles": {"levels": list(LEVELS), "values": list(range(95, 106))},
    }
    build_lake(
        tmp_path,
        prediction=[
            forecast | interval | {"made_at": at, "target_time": at + timedelta(days=1)} for at in made
        ],
        price=[{"event_time": at + timedelta(days=1), "price": 101.0} for at in made],
    )
    refresh_scores(lake.open(str(tmp_path)))
    api = api_of(tmp_path)
    answer = api.get(PATH.format(symbol="btc"))
    (distribution,) = answer.document["distributions"]
    assert (distribution["n"], distribution["n_apart"]) == (15, 8)
    assert (distribution["n_minutes"], distribution["n_minutes_without_forecast"]) == (
        7 * 1_440 + 1,
        7 * 1_440 + 1 - 15,
    )
    assert distribution["coverage"] is None
    assert [distribution[name] for name in ("comparisons", "points", "levels", "events")] == [[], [], [], []]
    assert {(one["verdict"], one["n_needed"]) for one in distribution["verdicts"]} == {
        ("too little data", 90)
    }
    check(api.get("/api/v1/schema").document, PATH, answer.status, answer.document)


@pytest.fixture(scope="module", params=[0, 1, 40])
def scored_api(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf
) -> Api:
    path = tmp_path_factory.mktemp("lake")
    build_scored_lake(path, n=request.param, errors={"good": (0.5, -1.5)})
    return module_api_of(path)


@pytest.mark.parametrize("query", ["", "modele=good", "horizon=1h", "horizon=x", "limite=1"])
def test_answers_match_the_schema(scored_api: Api, query: str) -> None:
    answer = scored_api.get(PATH.format(symbol="btc"), query)
    check(scored_api.get("/api/v1/schema").document, PATH, answer.status, answer.document)


@pytest.mark.parametrize(
    ("query", "parameter", "problem"),
    [
        ("horizon=soon", "horizon", "'soon' is not accepted"),
        ("modele=%20", "modele", "' ' is not accepted"),
        ("horizon=1h&horizon=5m", "horizon", "it is given 2 times"),
        ("periode=7d", "periode", "there is no such parameter here"),
    ],
)
def test_bad_parameter_is_named(
    tmp_path: Path, api_of: ApiOf, query: str, parameter: str, problem: str
) -> None:
    build_lake(tmp_path)
    answer = api_of(tmp_path).get(PATH.format(symbol="btc"), query)
    assert (answer.status, answer.document["parameter"]) == (400, parameter)
    assert problem in answer.document["detail"]


def test_symbol_that_no_table_has_seen_is_not_found(tmp_path: Path, api_of: ApiOf) -> None:
    build_scored_lake(tmp_path, n=1, errors={"good": (1.0, 1.0)})
    answer = api_of(tmp_path).get(PATH.format(symbol="nope"))
    assert (answer.status, answer.document["parameter"]) == (404, "symbol")


def test_symbol_without_forecasts_has_no_scores(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_scored_lake(tmp_path, n=1, errors={"good": (1.0, 1.0)})
    builder.append("gold_price", [{"symbol": "eth"}])
    answer = api_of(tmp_path).get(PATH.format(symbol="eth"))
    assert (answer.status, answer.document["scores"]) == (200, [])


def test_lake_whose_scores_were_never_made_asks_to_try_again(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, prediction=[{}])
    answer = api_of(tmp_path).get(PATH.format(symbol="btc"))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert answer.document["detail"] == "table gold_score does not exist yet"


def test_score_is_json_only(tmp_path: Path, api_of: ApiOf) -> None:
    build_scored_lake(tmp_path, n=1, errors={"good": (1.0, 1.0)})
    api = api_of(tmp_path)
    assert api.get(PATH.format(symbol="btc") + "/").status == 200
    answer = api.get(PATH.format(symbol="btc"), accept="text/csv")
    assert answer.status == 406
    json.dumps(answer.document)


def test_a_filter_narrows_the_rows_and_not_the_verdicts(tmp_path: Path, api_of: ApiOf) -> None:
    build_scored_lake(tmp_path, n=40, errors={"good": (0.5, -1.5), "random-walk": (1.0, 1.0)})
    api = api_of(tmp_path)
    whole = api.get(PATH.format(symbol="btc")).document["distributions"]
    only = api.get(PATH.format(symbol="btc"), "modele=good").document["distributions"]
    assert [row["model"] for row in whole] == ["good", "random-walk"]
    assert only == whole[:1]
