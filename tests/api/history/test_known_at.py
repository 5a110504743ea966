"""`connu_le` over HTTP: the answer as it was known, its errors, its cursors, and what is told beside it."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta.table import append
from lakehouse.schema.tables import CORRECTIONS
from tests.support.api_client import Api
from tests.support.json_schema import Draft202012Validator
from tests.support.lake_builder import LakeBuilder, at, build_lake

ApiOf = Callable[[Path], Api]
RANGE = "date_debut=2026-01-10&date_fin=2026-01-11"
KNOWN = "connu_le=2026-01-10T13:00:00Z"
SERIES = ("sentiment", "prediction", "prix")
SCHEMAS = {"sentiment": "SentimentHistory", "prediction": "PredictionHistory", "prix": "PriceHistory"}


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    """Six rows a table, the last three of which the broker had after 13:00."""
    times = [at(minutes=10 * n) for n in range(6)]
    brokers = [time if n < 3 else at(hours=2, minutes=n) for n, time in enumerate(times)]
    return build_lake(
        tmp_path,
        sentiment=[
            {"event_time": time, "broker_time": broker} for time, broker in zip(times, brokers, strict=True)
        ],
        price=[
            {"event_time": time, "broker_time": broker} for time, broker in zip(times, brokers, strict=True)
        ],
        prediction=[
            {"made_at": time, "target_time": at(minutes=10 * n + 5), "broker_time": broker}
            for n, (time, broker) in enumerate(zip(times, brokers, strict=True))
        ],
    )


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("shape", ["", "&intervalle=brut", "&intervalle=5m&remplissage=null", "&points=4"])
def test_points_are_those_that_were_known(
    builder: LakeBuilder, api_of: ApiOf, series: str, shape: str
) -> None:
    if series == "prediction" and "5m" in shape:
        shape = ""
    api = api_of(builder.path)
    known = api.history(series, f"{RANGE}&{KNOWN}{shape}")
    assert (known.status, known.document["requete"]["connu_le"]) == (200, "2026-01-10T13:00:00Z")
    observed = [point for point in known.document["points"] if point.get("count", 1)]
    assert len(observed) == 3
    snapshot = known.document["snapshot"][0]
    assert sum(snapshot["position"].popitem()[1]) == 3
    assert snapshot["freshness"] == {"event_time": None, "event_age_seconds": None}
    assert len(api.history(series, f"{RANGE}&intervalle=brut").document["points"]) == 6


def test_range_is_relative_to_the_instant(builder: LakeBuilder, api_of: ApiOf) -> None:
    requete = api_of(builder.path).history("sentiment", f"periode=1h&{KNOWN}").document["requete"]
    assert (requete["date_debut"], requete["date_fin"]) == ("2026-01-10T12:00:00Z", "2026-01-10T13:00:00Z")


@pytest.mark.parametrize("series", SERIES)
def test_pages_and_series_of_many_are_cut_alike(builder: LakeBuilder, api_of: ApiOf, series: str) -> None:
    api = api_of(builder.path)
    query = f"{RANGE}&{KNOWN}&intervalle=brut"
    whole = api.history(series, query).document["points"]
    page = api.history(series, f"{query}&limite=1").document
    points = page["points"]
    while page["suivant"] is not None:
        page = api.follow(page["suivant"]).document
        points = page["points"] + points
    many = api.get(f"/api/v1/{series}/historique", f"symboles=btc&{query}").document
    assert points == whole == many["series"][0]["points"]
    assert many["requete"]["connu_le"] == "2026-01-10T13:00:00Z"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("connu_le=hier", "connu_le"),
        ("connu_le=2050-01-01", "connu_le"),
        ("connu_le=2026-01-10&a_la_date=2026-01-10", "connu_le"),
        ("connu_le=2026-01-10&version=1", "connu_le"),
        ("connu_le=2026-01-10&connu_le=2026-01-10", "connu_le"),
    ],
)
def test_bad_instant_is_400_and_named(
    builder: LakeBuilder, api_of: ApiOf, query: str, parameter: str
) -> None:
    for path in ("/api/v1/prix/btc/historique", "/api/v1/prix/historique"):
        answer = api_of(builder.path).get(path, query if "btc" in path else f"symboles=btc&{query}")
        assert (answer.status, answer.document["parameter"]) == (400, parameter)


def test_exclusions_since_are_told_and_change_the_etag(builder: LakeBuilder, api_of: ApiOf) -> None:
    api, query = api_of(builder.path), f"{RANGE}&{KNOWN}"
    before = api.history("prix", query)
    assert before.document["exclus"] == {"n": 0, "records": []}
    row = {
        "topic": "raw-price",
        "topic_id": "TopicPrice",
        "kafka_partition": 0,
        "kafka_offset": 1,
        "reason": "wrong",
        "excluded_by": "op",
        "excluded_time": at(hours=9),
    }
    rows = pa.Table.from_pylist([row], schema=CORRECTIONS.to_arrow_schema())
    append(builder.open(CORRECTIONS.name), CORRECTIONS, rows, expected={}, advanced={})
    after = api.history("prix", query)
    assert after.document["exclus"] == {
        "n": 1,
        "records": [
            {
                "topic_id": "TopicPrice",
                "partition": 0,
                "offset": 1,
                "excluded_time": "2026-01-10T21:00:00Z",
            }
        ],
    }
    assert before.headers["ETag"] != after.headers["ETag"]
    assert "exclus" not in api.history("prix", RANGE).document
    response = api.client.get(f"/api/v1/prix/btc/historique?{query}&format=csv")
    assert json.loads(response.headers["Cryptoviz-Exclus"])["n"] == 1


@pytest.mark.parametrize("series", SERIES)
def test_answer_is_what_the_document_says(builder: LakeBuilder, api_of: ApiOf, series: str) -> None:
    api = api_of(builder.path)
    components = api.get("/api/v1/schema").document["components"]
    schema = {"$ref": f"#/components/schemas/{SCHEMAS[series]}", "components": components}
    Draft202012Validator(schema).validate(api.history(series, f"{RANGE}&{KNOWN}").document)
