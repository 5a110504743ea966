"""Stories in histories: which text tells which, how many sources have told it, and buckets that count each once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse import lake
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.stories import cache
from tests.support.api_client import Answer, Api
from tests.support.lake_builder import LakeBuilder, at, build_lake

ApiOf = Callable[[Path], Api]
FIRST, COPY, OTHER = (
    "Kraken wins licence to operate in Ireland",
    "Crypto exchange Kraken wins license to operate in Ireland",
    "Gemini wins licence to operate in Ireland",
)
ROWS = [
    {"title": FIRST, "source": "wire", "score": 0.5},
    {"title": COPY, "source": "post", "score": -0.5, "label": "negative", "event_time": at(minutes=7)},
    {"title": OTHER, "source": "wire", "score": 0.1, "event_time": at(minutes=8)},
    {"title": FIRST, "source": "post", "score": 0.9, "event_time": at(hours=20)},
]
FIRST_ID, OTHER_ID = "btc:gold_sentiment:0:0", "btc:gold_sentiment:0:2"
DAY = "date_debut=2026-01-10&date_fin=2026-01-11"


@pytest.fixture(params=["assigned by the table service", "in part", "not yet"])
def builder(tmp_path: Path, request: pytest.FixtureRequest) -> LakeBuilder:
    built = build_lake(tmp_path, sentiment=ROWS[:2])
    if request.param != "not yet":
        refresh_stories(lake.open(str(tmp_path)))
    built.append("gold_sentiment", ROWS[2:])
    if request.param == "assigned by the table service":
        refresh_stories(lake.open(str(tmp_path)))
    return built


def told(answer: Answer) -> list[tuple[str, int]]:
    return [(point["story_id"], point["n_sources"]) for point in answer.document["points"]]


def test_rows_say_their_story_and_how_many_sources_have_told_it(builder: LakeBuilder, api_of: ApiOf) -> None:
    answer = api_of(builder.path).history("sentiment", f"{DAY}&intervalle=brut")
    assert told(answer) == [(FIRST_ID, 2), (FIRST_ID, 2), (OTHER_ID, 1)]
    assert [entry["table"] for entry in answer.document["snapshot"]] == ["gold_sentiment"]


def test_a_story_outside_of_the_range_counts_with_all_of_its_sources(
    builder: LakeBuilder, api_of: ApiOf
) -> None:
    answer = api_of(builder.path).history(
        "sentiment", "date_debut=2026-01-11&date_fin=2026-01-12&intervalle=brut"
    )
    assert told(answer) == [(FIRST_ID, 2)]


@pytest.mark.parametrize(("interval", "n_buckets"), [("5m", 2), ("1h", 1), ("1d", 1)])
def test_buckets_count_each_story_at_its_first_text(
    builder: LakeBuilder, api_of: ApiOf, interval: str, n_buckets: int
) -> None:
    query = f"date_debut=2026-01-10&date_fin=2026-01-13&intervalle={interval}"
    by_text = api_of(builder.path).history("sentiment", query).document
    by_story = api_of(builder.path).history("sentiment", f"{query}&par=histoire").document
    assert (by_text["requete"]["par"], by_story["requete"]["par"]) == ("texte", "histoire")
    assert sum(point["count"] for point in by_text["points"]) == 4
    assert [point["count"] for point in by_story["points"]] == [2 // n_buckets] * n_buckets
    assert sum(point["negative"] for point in by_story["points"]) == 0
    assert (by_story["points"][0]["max"], by_story["points"][-1]["min"]) == (0.5, 0.1)


def test_pages_of_buckets_of_stories_are_one_series(builder: LakeBuilder, api_of: ApiOf) -> None:
    api = api_of(builder.path)
    first = api.history("sentiment", f"{DAY}&intervalle=5m&par=histoire&limite=1")
    builder.append("gold_sentiment", [{"title": "Another one", "event_time": at(minutes=-30)}])
    second = api.follow(first.document["suivant"])
    assert [point["event_time"] for point in second.document["points"]] == ["2026-01-10T12:00:00Z"]
    assert second.document["requete"]["par"] == "histoire"


@pytest.mark.parametrize("representation", ["csv", "ndjson", "arrow"])
def test_stream_changes_its_etag_when_a_source_outside_of_the_range_tells_its_story(
    builder: LakeBuilder, api_of: ApiOf, representation: str
) -> None:
    client = api_of(builder.path).client
    path = f"/api/v1/sentiment/btc/historique?{DAY}&intervalle=brut&limite=20000&format={representation}"
    before = client.get(path)
    assert b"story_id" in b"".join(before.streaming_content)
    builder.append("gold_sentiment", [{"title": "Another one", "event_time": at(hours=13)}])
    assert client.get(path).headers["ETag"] == before.headers["ETag"]
    builder.append("gold_sentiment", [{"title": FIRST, "source": "ledger", "event_time": at(hours=14)}])
    assert client.get(path).headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize(
    ("series", "query", "accepted"),
    [
        ("sentiment", "par=story", "texte, histoire"),
        ("sentiment", "par=histoire&intervalle=brut", "texte, or an intervalle of buckets"),
        ("sentiment", "par=texte&par=histoire", "it once, or not at all"),
        ("prix", "par=histoire", None),
    ],
)
def test_another_value_is_refused(
    tmp_path: Path, api_of: ApiOf, series: str, query: str, accepted: str | None
) -> None:
    build_lake(tmp_path, sentiment=ROWS, price=[{}])
    answer = api_of(tmp_path).history(series, query)
    assert (answer.status, answer.document["parameter"]) == (400, "par")
    assert accepted is None or answer.document["accepted"] == accepted


def test_where_too_many_texts_are_not_assigned_rows_have_no_story_and_buckets_of_stories_wait(
    tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_lake(tmp_path, sentiment=ROWS)
    monkeypatch.setattr(cache, "MAX_TEXTS", 3)
    api = api_of(tmp_path)
    assert told(api.history("sentiment", f"{DAY}&intervalle=brut")) == [(None, None)] * 3
    behind = api.history("sentiment", f"{DAY}&intervalle=1h&par=histoire")
    assert (behind.status, "Retry-After" in behind.headers) == (503, True)
    refresh_stories(lake.open(str(tmp_path)))
    assert told(api.history("sentiment", f"{DAY}&intervalle=brut"))[0] == (FIRST_ID, 2)
    assert api.history("sentiment", f"{DAY}&intervalle=1h&par=histoire").status == 200


def test_time_travel_tells_the_stories_of_its_moment(builder: LakeBuilder, api_of: ApiOf) -> None:
    answer = api_of(builder.path).history("sentiment", f"{DAY}&intervalle=brut&version=1")
    assert told(answer) == [(FIRST_ID, 2), (FIRST_ID, 2)]
    builder.append("gold_sentiment", [{"title": FIRST, "source": "ledger", "event_time": at(hours=1)}])
    again = api_of(builder.path).history("sentiment", f"{DAY}&intervalle=brut&version=1")
    assert told(again) == told(answer)
