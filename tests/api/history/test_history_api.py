from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compaction.retention.expire import expire_lake
from lakehouse import lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.process.retention import Retention
from lakehouse.time_range import to_us
from tests.support.api_client import Api
from tests.support.lake_builder import NOON, LakeBuilder, at, build_lake

ApiOf = Callable[[Path], Api]


def test_sentiment_history_is_an_envelope(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.5}, {"event_time": at(minutes=6), "score": -0.25}])
    answer = api_of(tmp_path).history("sentiment", "periode=24h")
    assert (answer.status, answer.media_type) == (200, "application/json")
    assert answer.document == {
        "requete": {
            "serie": "sentiment",
            "symbol": "btc",
            "date_debut": "2026-01-10T00:00:00Z",
            "date_fin": "2026-01-11T00:00:00Z",
            "intervalle": "5m",
            "limite": 1000,
            "remplissage": "aucun",
            "par": "texte",
        },
        "points": [
            {
                "event_time": "2026-01-10T12:00:00Z",
                "count": 1,
                "mean": 0.5,
                "min": 0.5,
                "max": 0.5,
                "positive": 1,
                "negative": 0,
                "origins": ["generated"],
                "complete": True,
                "filled": False,
            },
            {
                "event_time": "2026-01-10T12:05:00Z",
                "count": 1,
                "mean": -0.25,
                "min": -0.25,
                "max": -0.25,
                "positive": 1,
                "negative": 0,
                "origins": ["generated"],
                "complete": True,
                "filled": False,
            },
        ],
        "suivant": None,
        "complet": True,
        "retained_from": None,
        "snapshot": [
            {
                "table": "gold_sentiment",
                "version": 1,
                "build": builder.build.build_id,
                "position": {"TopicSentiment": [2]},
                "tail": "off",
                "freshness": {"event_time": "2026-01-10T12:06:00Z", "event_age_seconds": 42840.0},
            }
        ],
    }


def test_raw_sentiment_shows_its_evidence(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(microseconds=250), "url": "https://a.example/1"}])
    answer = api_of(tmp_path).history("sentiment", "intervalle=brut")
    assert answer.document["points"] == [
        {
            "event_time": "2026-01-10T12:00:00.000250Z",
            "score": 0.5,
            "label": "positive",
            "p_negative": None,
            "p_neutral": None,
            "p_positive": None,
            "model": "vader",
            "model_version": "1",
            "source": "wire",
            "title": "A headline",
            "url": "https://a.example/1",
            "language": None,
            "terms": ["surge"],
            "message_id": "btc:gold_sentiment:0:0",
            "origin": "generated",
            "story_id": "btc:gold_sentiment:0:0",
            "n_sources": 1,
        }
    ]


def test_prediction_history_is_raw_with_realised_prices(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(
        tmp_path,
        prediction=[{"target_time": at(hours=1)}, {"made_at": at(hours=1), "target_time": at(hours=2)}],
        price=[{"event_time": at(minutes=59), "price": 99.5}, {"event_time": at(minutes=61), "price": 98.0}],
    )
    answer = api_of(tmp_path).history("prediction")
    assert answer.document["requete"] == {
        "serie": "prediction",
        "symbol": "btc",
        "date_debut": "2026-01-10T00:00:00Z",
        "date_fin": "2026-01-11T00:00:00Z",
        "intervalle": "brut",
        "limite": 1000,
        "axe": "made_at",
        "modele": None,
        "horizon": None,
        "marche": {"venue": "simx", "quote": "usd"},
    }
    assert answer.document["points"][0] == {
        "made_at": "2026-01-10T12:00:00Z",
        "target_time": "2026-01-10T13:00:00Z",
        "horizon": "1h",
        "model": "walk",
        "model_version": "1",
        "base_price": 100.0,
        "predicted_price": 101.0,
        "lower": 90.0,
        "upper": 110.0,
        "nominal_coverage": 0.9,
        "quote": "usd",
        "sigma": 0.01,
        "p_up": 0.5,
        "p_up_base_rate": 0.52,
        "quantiles": {"levels": [0.05, 0.95], "values": [90.0, 110.0]},
        "moves": [{"threshold": 0.01, "probability": 0.25}],
        "message_id": "btc:gold_prediction:0:0",
        "origin": "generated",
        "realised_price": 99.5,
    }
    assert answer.document["points"][1]["realised_price"] is None
    assert [entry["table"] for entry in answer.document["snapshot"]] == ["gold_prediction", "gold_price"]


def test_prediction_is_answered_before_any_price_table_exists(tmp_path: Path, api_of: ApiOf) -> None:
    LakeBuilder(tmp_path).append("gold_prediction", [{}])
    answer = api_of(tmp_path).history("prediction")
    assert [point["realised_price"] for point in answer.document["points"]] == [None]


def test_price_history_has_candles(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, price=[{"price": 10.0}, {"event_time": at(seconds=1), "price": 12.0}])
    answer = api_of(tmp_path).history("prix", "date_debut=2026-01-10T12:00:00Z&date_fin=2026-01-10T13:00:00Z")
    assert answer.document["points"] == [
        {
            "event_time": "2026-01-10T12:00:00Z",
            "open": 10.0,
            "high": 12.0,
            "low": 10.0,
            "close": 12.0,
            "volume": 2.0,
            "count": 2,
            "origins": ["generated"],
            "venue": "simx",
            "quote": "usd",
            "complete": True,
            "filled": False,
        }
    ]
    assert answer.document["marches"] == [
        {
            "venue": "simx",
            "quote": "usd",
            "start_time": "2026-01-10T12:00:00Z",
            "end_time": "2026-01-10T13:00:00Z",
            "asset": None,
            "asset_since": None,
        }
    ]


def test_symbol_is_case_insensitive_and_a_trailing_slash_is_accepted(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    plain = api.history("sentiment")
    other = api.get("/api/v1/sentiment/BtC/historique/")
    assert plain.document == other.document


def test_next_pages_go_back_in_time_to_the_first_point(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i), "score": i / 10} for i in range(5)])
    api = api_of(tmp_path)
    answer = api.history("sentiment", "intervalle=brut&limite=2&date_debut=2026-01-10&date_fin=2026-01-11")
    answered = [[point["score"] for point in answer.document["points"]]]
    assert answer.document["complet"] is False
    while answer.document["suivant"]:
        answer = api.follow(answer.document["suivant"])
        answered.append([point["score"] for point in answer.document["points"]])
    assert answered == [[0.3, 0.4], [0.1, 0.2], [0.0]]
    assert answer.document["complet"] is True


def test_next_page_has_the_position_of_the_first(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    api = api_of(tmp_path)
    first = api.history("sentiment", "intervalle=brut&limite=2")
    builder.append("gold_sentiment", [{}])
    second = api.follow(first.document["suivant"])
    assert second.document["snapshot"][0]["position"] == {"TopicSentiment": [3]}
    assert second.document["snapshot"][0]["version"] == 2
    assert len(second.document["points"]) == 1


def test_periode_begins_with_a_whole_bucket(
    tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=1)}, {"event_time": at(minutes=4)}])
    api = api_of(tmp_path)
    monkeypatch.setattr("api.http.clock.now_us", lambda: int(at(hours=1, minutes=3).timestamp()) * 1_000_000)
    answer = api.history("sentiment", "periode=1h&intervalle=5m")
    assert answer.document["requete"]["date_debut"] == "2026-01-10T12:00:00Z"
    assert answer.document["points"][0]["count"] == 2


def test_known_symbol_without_points_in_range_is_empty(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    answer = api.history("sentiment", "date_debut=2025-01-01&date_fin=2025-01-02")
    assert (answer.status, answer.document["points"], answer.document["complet"]) == (200, [], True)
    assert api.history("prix").status == 200


def test_unknown_symbol_is_404_and_says_where_to_look(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}])
    answer = api_of(tmp_path).history("sentiment", symbol="zzz")
    assert (answer.status, answer.document["see"]) == (404, "/api/v1/actifs")


def test_lake_that_does_not_exist_yet_is_503(tmp_path: Path, api_of: ApiOf) -> None:
    answer = api_of(tmp_path / "none").history("sentiment")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert str(tmp_path) not in answer.document["detail"]


def test_table_that_does_not_exist_yet_is_503(tmp_path: Path, api_of: ApiOf) -> None:
    LakeBuilder(tmp_path)
    answer = api_of(tmp_path).history("prix")
    assert (answer.status, answer.document["detail"]) == (503, "table gold_price does not exist yet")


def test_cursor_of_a_rebuilt_table_is_410(tmp_path: Path, api_of: ApiOf) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    api = api_of(tmp_path)
    first = api.history("sentiment", "intervalle=brut&limite=1")
    builder.build = builder.catalog.next_build("rebuilt")
    builder.next_offsets.clear()
    for name in ("gold_sentiment", "gold_prediction", "gold_price"):
        builder.append(name, [])
    builder.catalog.publish_build(builder.build)
    from api.process.lake import current_lake

    current_lake().current_build(refresh=True)
    assert api.follow(first.document["suivant"]).status == 410


def test_process_behind_a_cursor_is_503(tmp_path: Path, api_of: ApiOf) -> None:
    from msgspec import structs

    from api.process.lake import cursor_key
    from lakehouse.history.cursor import decode_cursor, encode_cursor

    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    api = api_of(tmp_path)
    first = api.history("sentiment", "limite=1&intervalle=brut")
    cursor = decode_cursor(first.document["suivant"].partition("curseur=")[2], cursor_key())
    ahead = structs.replace(cursor, positions={"gold_sentiment": {"TopicSentiment": [9]}})
    answer = api.history("sentiment", f"curseur={encode_cursor(ahead, cursor_key())}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


def test_gaps_are_filled_and_say_so(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{"score": 0.25}, {"event_time": at(minutes=2), "score": 0.75}])
    query = "date_debut=2026-01-10T12:00:00Z&date_fin=2026-01-10T12:03:00Z&intervalle=1m&remplissage=lineaire"
    answer = api_of(tmp_path).history("sentiment", query)
    assert answer.document["requete"]["remplissage"] == "lineaire"
    assert [(p["mean"], p["count"], p["filled"]) for p in answer.document["points"]] == [
        (0.25, 1, False),
        (0.5, 0, True),
        (0.75, 1, False),
    ]


def test_symbol_that_nobody_has_seen_is_404_even_where_gaps_are_filled(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}])
    assert api_of(tmp_path).history("sentiment", "remplissage=null", symbol="zzz").status == 404


def test_points_thin_the_whole_range_and_say_from_how_many(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(seconds=i), "score": i % 7 / 10} for i in range(1500)])
    api = api_of(tmp_path)
    raw = api.history("sentiment", "intervalle=brut&points=100").document
    assert (raw["requete"]["points"], raw["requete"]["points_lus"], raw["requete"]["limite"]) == (
        100,
        1500,
        None,
    )
    assert (len(raw["points"]) <= 100, raw["suivant"], raw["complet"]) == (True, None, False)
    buckets = api.history("sentiment", "intervalle=1m&points=10").document
    assert sum(point["count"] for point in buckets["points"]) == 1500
    assert (buckets["suivant"], buckets["complet"]) == (None, True)


def test_thinned_pages_go_on_where_the_thinned_page_was_read_to(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(seconds=i)} for i in range(30)])
    api = api_of(tmp_path)
    first = api.history("sentiment", "intervalle=brut&points=4&limite=20").document
    second = api.follow(first["suivant"]).document
    assert (first["requete"]["points_lus"], second["requete"]["points_lus"]) == (20, 10)
    assert second["points"][0]["event_time"] == "2026-01-10T12:00:00Z"


def test_rows_before_what_is_retained_are_said_to_be_missing_and_buckets_are_not(
    tmp_path: Path, api_of: ApiOf
) -> None:
    build_lake(tmp_path, price=[{"event_time": NOON - timedelta(days=1)}, {"event_time": NOON}])
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    now_us = to_us(datetime(2026, 1, 10, 9, tzinfo=UTC) + timedelta(days=98))
    expire_lake(reader, Retention.parse("bronze=7,gold_price=98"), now_us=now_us, dry_run=False)
    api = api_of(tmp_path)
    asked = "date_debut=2026-01-09&date_fin=2026-01-11"

    raw, buckets = (
        api.history("prix", f"{asked}&intervalle=brut"),
        api.history("prix", f"{asked}&intervalle=1h"),
    )

    document = raw.document
    assert (len(document["points"]), document["complet"], document["retained_from"]) == (
        1,
        False,
        "2026-01-10T00:00:00Z",
    )
    document = buckets.document
    assert (len(document["points"]), document["complet"], document["retained_from"]) == (2, True, None)
    path = f"/api/v1/prix/btc/historique?{asked}&intervalle=brut&format=csv"
    assert api.client.get(path).headers["Cryptoviz-Retained-From"] == '"2026-01-10T00:00:00Z"'
    (price,) = [t for t in api.get("/api/v1/etat").document["tables"] if t["table"] == "gold_price"]
    assert price["retained_from"] == "2026-01-10T00:00:00Z"
