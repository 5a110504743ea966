"""The overview over HTTP: its rows, its errors, its ETag, and that it says what its document says."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api_client import Api
from tests.support.history_queries import DAY_END
from tests.support.json_schema import Draft202012Validator
from tests.support.lake_builder import LakeBuilder, build_lake

ApiOf = Callable[[Path], Api]
PATH = "/api/v1/apercu"


def before_end(**back: float) -> dict[str, object]:
    return {"event_time": DAY_END - timedelta(**back)}


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    return build_lake(
        tmp_path,
        price=[
            {**before_end(minutes=61), "price": 80.0},
            {**before_end(minutes=1), "price": 100.0},
            {**before_end(minutes=1), "symbol": "eth", "price": 7.0},
        ],
        sentiment=[{**before_end(hours=2), "score": 0.25}],
        prediction=[
            {
                "made_at": DAY_END - timedelta(hours=1),
                "target_time": DAY_END + timedelta(hours=23),
                "horizon": "24h",
            }
        ],
    )


def test_overview_is_one_row_a_symbol(builder: LakeBuilder, api_of: ApiOf) -> None:
    answer = api_of(builder.path).get(PATH)
    assert answer.status == 200
    assert answer.document["requete"] == {"symboles": None, "instant": "2026-01-11T00:00:00Z"}
    assert [row["symbol"] for row in answer.document["actifs"]] == ["btc", "eth"]
    assert answer.document["actifs"][0] == {
        "symbol": "btc",
        "name": "Bitcoin",
        "price": 100.0,
        "market": {"venue": "simx", "quote": "usd"},
        "change_1h": 0.25,
        "change_24h": None,
        "change_7d": None,
        "sparkline": [*[None] * 22, 80.0, 100.0],
        "sentiment_24h": 0.25,
        "sentiment_change": None,
        "n_texts_24h": 1,
        "range_24h": {
            "lower": 90.0,
            "upper": 110.0,
            "coverage": 0.9,
            "quote": "usd",
            "model": "walk",
            "made_at": "2026-01-10T23:00:00Z",
            "target_time": "2026-01-11T23:00:00Z",
        },
        "event_time": "2026-01-10T23:59:00Z",
    }
    assert [entry["table"] for entry in answer.document["snapshot"]] == [
        "gold_sentiment",
        "gold_prediction",
        "gold_price",
    ]


def test_symbols_come_in_the_order_that_they_are_asked_for(builder: LakeBuilder, api_of: ApiOf) -> None:
    answer = api_of(builder.path).get(PATH, "symboles=ETH,btc,eth")
    assert [row["symbol"] for row in answer.document["actifs"]] == ["eth", "btc"]
    assert answer.document["requete"]["symboles"] == ["eth", "btc"]
    assert len(api_of(builder.path).get(PATH, "symboles=tous").document["actifs"]) == 2


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("symboles=", "symboles"),
        ("symboles=btc,", "symboles"),
        ("symboles=btc,,eth", "symboles"),
        ("symboles=b t c", "symboles"),
        ("symboles=%00", "symboles"),
        ("symboles=btc&symboles=eth", "symboles"),
        ("symboles=" + ",".join(["btc"] * 501), "symboles"),
        ("periode=24h", "periode"),
    ],
)
def test_bad_parameter_is_400_and_named(
    builder: LakeBuilder, api_of: ApiOf, query: str, parameter: str
) -> None:
    answer = api_of(builder.path).get(PATH, query)
    assert (answer.status, answer.document["parameter"]) == (400, parameter)
    assert answer.document["accepted"]


def test_every_unknown_symbol_of_a_list_is_named(builder: LakeBuilder, api_of: ApiOf) -> None:
    answer = api_of(builder.path).get(PATH, "symboles=btcc,btc,zzz")
    assert (answer.status, answer.document["parameter"]) == (404, "symboles")
    assert answer.document["errors"] == {
        "btcc": "a symbol that /api/v1/actifs lists; did you mean btc?",
        "zzz": "a symbol that /api/v1/actifs lists",
    }


def test_etag_changes_with_the_rows_that_are_asked_for_alone(builder: LakeBuilder, api_of: ApiOf) -> None:
    api = api_of(builder.path)
    etags = {query: api.get(PATH, query).headers["ETag"] for query in ("", "symboles=btc", "symboles=eth")}
    response = api.client.get(f"{PATH}?symboles=eth", headers={"If-None-Match": etags["symboles=eth"]})
    assert (response.status_code, response.content) == (304, b"")
    builder.append("gold_price", [{**before_end(seconds=1), "price": 99.0}])
    assert api.get(PATH, "symboles=eth").headers["ETag"] == etags["symboles=eth"]
    assert api.get(PATH, "symboles=btc").headers["ETag"] != etags["symboles=btc"]
    assert api.get(PATH).headers["ETag"] != etags[""]


def test_lake_without_tables_is_503(tmp_path: Path, api_of: ApiOf) -> None:
    LakeBuilder(tmp_path)
    assert api_of(tmp_path).get(PATH).status == 503


def test_answer_is_what_the_document_says(builder: LakeBuilder, api_of: ApiOf) -> None:
    api = api_of(builder.path)
    document = api.get("/api/v1/schema").document
    schema = {"$ref": "#/components/schemas/Overview", "components": document["components"]}
    builder.append("gold_sentiment", [{"symbol": "market", **before_end(hours=1)}])
    Draft202012Validator(schema).validate(api.get(PATH).document)
