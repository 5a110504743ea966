"""Buckets of days and longer in a time zone over HTTP."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.api_client import Api
from tests.support.lake_builder import LakeBuilder, build_lake

ApiOf = Callable[[Path], Api]
RANGE = "date_debut=2025-10-24&date_fin=2025-10-29"


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    """Prices in the hours around the end of summer time in Paris, on 2025-10-26."""
    times = [
        datetime(2025, 10, day, hour, 30, tzinfo=UTC) for day in (24, 25, 26, 27) for hour in (21, 22, 23)
    ]
    return build_lake(
        tmp_path,
        price=[{"event_time": time, "price": float(n)} for n, time in enumerate(times)],
        sentiment=[{"event_time": time} for time in times],
    )


def starts(api: Api, query: str, series: str = "prix") -> list[tuple[str, int]]:
    answer = api.history(series, f"{RANGE}&{query}")
    assert answer.status == 200, answer
    return [(point["event_time"], point["count"]) for point in answer.document["points"]]


@pytest.mark.parametrize("series", ["prix", "sentiment"])
def test_days_are_those_of_the_zone(builder: LakeBuilder, api_of: ApiOf, series: str) -> None:
    api = api_of(builder.path)
    assert starts(api, "intervalle=1d", series) == [
        (f"2025-10-{day}T00:00:00Z", 3) for day in (24, 25, 26, 27)
    ]
    assert starts(api, "intervalle=1d&fuseau=Europe/Paris", series) == [
        ("2025-10-23T22:00:00Z", 1),
        ("2025-10-24T22:00:00Z", 3),
        ("2025-10-25T22:00:00Z", 4),
        ("2025-10-26T23:00:00Z", 3),
        ("2025-10-27T23:00:00Z", 1),
    ]


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("intervalle=1w", [("2025-10-20T00:00:00Z", 9), ("2025-10-27T00:00:00Z", 3)]),
        ("intervalle=1w&fuseau=Europe/Paris", [("2025-10-19T22:00:00Z", 8), ("2025-10-26T23:00:00Z", 4)]),
        ("intervalle=1M", [("2025-10-01T00:00:00Z", 12)]),
        ("intervalle=1M&fuseau=America/New_York", [("2025-10-01T04:00:00Z", 12)]),
        ("intervalle=12h", [(f"2025-10-{day}T12:00:00Z", 3) for day in (24, 25, 26, 27)]),
        (
            "intervalle=2h",
            [(f"2025-10-{d}T{h}:00:00Z", n) for d in (24, 25, 26, 27) for h, n in ((20, 1), (22, 2))],
        ),
    ],
)
def test_wider_intervals(
    builder: LakeBuilder, api_of: ApiOf, query: str, points: list[tuple[str, int]]
) -> None:
    assert starts(api_of(builder.path), query) == points


def test_zone_is_in_the_request_and_in_cursors(builder: LakeBuilder, api_of: ApiOf) -> None:
    api = api_of(builder.path)
    query = f"{RANGE}&intervalle=1d&fuseau=Europe/Paris"
    whole = api.history("prix", query).document
    assert whole["requete"]["fuseau"] == "Europe/Paris"
    assert "fuseau" not in api.history("prix", RANGE).document["requete"]
    page = api.history("prix", f"{query}&limite=2").document
    points = page["points"]
    while page["suivant"] is not None:
        page = api.follow(page["suivant"]).document
        points = page["points"] + points
    many = api.get("/api/v1/prix/historique", f"symboles=btc&{query}").document
    assert points == whole["points"] == many["series"][0]["points"]


def test_period_begins_with_a_whole_bucket_of_the_zone(builder: LakeBuilder, api_of: ApiOf) -> None:
    requete = (
        api_of(builder.path)
        .history("prix", "periode=30d&intervalle=1M&fuseau=Europe/Paris")
        .document["requete"]
    )
    assert (requete["date_debut"], requete["date_fin"]) == ("2025-11-30T23:00:00Z", "2026-01-31T23:00:00Z")


def test_misspelt_zone_names_one_that_is_close(builder: LakeBuilder, api_of: ApiOf) -> None:
    answer = api_of(builder.path).history("prix", "intervalle=1d&fuseau=Europe/Pari")
    assert (answer.status, answer.document["parameter"]) == (400, "fuseau")
    assert "did you mean Europe/Paris?" in answer.document["accepted"]
