"""Cached pages: the same request costs nothing, and nothing stale or private is ever served."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache

from api.history import selectors
from api.history.response_cache import CachedPage, ResponseCache, valid_until_us
from api.history.views import response_cache
from api.process import lake as lakes
from lakehouse import lake
from lakehouse.history.page import read_history
from lakehouse.series.buckets import RAW
from lakehouse.time_range import to_us
from tests.support.api_client import Api
from tests.support.history_queries import DAY_END, question
from tests.support.lake_builder import NOON, build_lake
from tests.support.live_stream import Pipeline, make_stream

PATH = "/api/v1/sentiment/btc/historique"
DAY = "date_debut=2026-01-10&date_fin=2026-01-11"
FOREVER = 2**63 - 1
TEXT_GRACE = timedelta(minutes=10)


@pytest.fixture
def n_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each page that is worked out."""
    read: list[int] = []

    def counted(*arguments: Any, **more: Any) -> Any:
        read.append(1)
        return read_history(*arguments, **more)

    monkeypatch.setattr(selectors, "read_history", counted)
    return read


def json_of(api: Api, url: str) -> Any:
    answer = api.follow(url)
    assert answer.status == 200
    return answer.document


@pytest.mark.parametrize("path", [PATH, PATH.replace("sentiment", "prix")])
@pytest.mark.parametrize("query", [f"{DAY}&intervalle=5m", f"{DAY}&intervalle=brut&limite=1", "periode=24h"])
def test_same_question_is_worked_out_once_and_answered_alike(
    tmp_path: Path, api_of: Callable[[Path], Api], n_read: list[int], path: str, query: str
) -> None:
    rows = [{}, {"event_time": NOON + timedelta(minutes=1)}]
    build_lake(tmp_path, sentiment=rows, price=rows)
    api = api_of(tmp_path)
    first, again = (api.client.generic("GET", path, QUERY_STRING=query) for _ in range(2))
    assert first.status_code == 200
    assert first.content == again.content
    assert dict(first.headers) == dict(again.headers)
    assert len(n_read) == 1


def test_each_commit_is_seen(tmp_path: Path, api_of: Callable[[Path], Api]) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    api = api_of(tmp_path)
    for i in range(3):
        assert [point["count"] for point in json_of(api, f"{PATH}?{DAY}&intervalle=1h")["points"]] == [i + 1]
        assert [point["count"] for point in json_of(api, f"{PATH}?{DAY}&intervalle=1h")["points"]] == [i + 1]
        builder.append("gold_sentiment", [{"score": 0.2}])


def test_each_message_of_the_tail_is_seen(
    tmp_path: Path, api_of: Callable[[Path], Api], n_read: list[int]
) -> None:
    stream = make_stream(5, 60, start=NOON)
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[:30])
    api = api_of(tmp_path)
    lakes.current_lake().tail = pipeline.tail
    urls = [f"{PATH}?{DAY}&intervalle={interval}" for interval in ("brut", "1h")]
    for sent in stream:
        pipeline.follow([sent])
        cached = [json_of(api, url) for url in urls]
        response_cache.cache_clear()
        anew = [json_of(api, url) for url in urls]
        assert [page["points"] for page in cached] == [page["points"] for page in anew]
        assert [page["snapshot"] for page in cached] == [page["snapshot"] for page in anew]
    assert {page["snapshot"][0]["tail"] for page in cached} == {"included"}
    assert len(n_read) < 2 * len(urls) * len(stream)


def test_what_makes_another_answer_makes_another_question(
    tmp_path: Path, api_of: Callable[[Path], Api], n_read: list[int]
) -> None:
    build_lake(tmp_path, sentiment=[{}, {"symbol": "eth"}, {"event_time": NOON + timedelta(hours=3)}])
    api = api_of(tmp_path)
    asked = [
        f"{DAY}&intervalle=1h",
        f"{DAY}&intervalle=1h&remplissage=null",
        f"{DAY}&intervalle=1h&points=4",
        f"{DAY}&intervalle=1h&limite=1",
        f"{DAY}&intervalle=1h&limite=1&format=json",
        "date_debut=2026-01-09&date_fin=2026-01-11&intervalle=1h",
    ]
    answers = [json_of(api, f"{PATH}?{query}") for query in [*asked, *asked]]
    assert [answer["points"] for answer in answers[: len(asked)]] == [
        a["points"] for a in answers[len(asked) :]
    ]
    assert [answer["suivant"] for answer in answers[: len(asked)]] == [
        a["suivant"] for a in answers[len(asked) :]
    ]
    assert len(n_read) == len(asked)
    assert "format=json" in answers[4]["suivant"]
    assert "format" not in answers[3]["suivant"]


def test_predictions_cursors_and_other_representations_are_not_cached(
    tmp_path: Path, api_of: Callable[[Path], Api], n_read: list[int]
) -> None:
    build_lake(tmp_path, sentiment=[{}, {}], prediction=[{}])
    api = api_of(tmp_path)
    following = json_of(api, f"{PATH}?{DAY}&intervalle=brut&limite=1")["suivant"]
    n_read.clear()
    for _ in range(2):
        json_of(api, following)
        json_of(api, f"/api/v1/prediction/btc/historique?{DAY}")
        api.client.get(f"{PATH}?{DAY}&intervalle=1h&format=csv")
        json_of(api, f"{PATH}?{DAY}&version=1")
    assert len(n_read) == 8


@pytest.mark.parametrize(
    ("asked", "as_of", "interval", "until_us"),
    [
        ({"date_debut": "x", "date_fin": "y"}, NOON, "5m", to_us(NOON + timedelta(minutes=5))),
        (
            {"date_debut": "x", "date_fin": "y"},
            NOON + timedelta(minutes=4),
            "5m",
            to_us(NOON + timedelta(minutes=5)),
        ),
        ({"date_debut": "x", "date_fin": "y"}, NOON, RAW, FOREVER),
        (
            {"date_debut": "x", "date_fin": "y"},
            NOON + timedelta(minutes=1),
            "15m",
            to_us(NOON + timedelta(minutes=10)),
        ),
        ({"date_debut": "x", "date_fin": "y"}, DAY_END, "1d", to_us(DAY_END + TEXT_GRACE)),
        ({"date_debut": "x", "date_fin": "y"}, DAY_END + TEXT_GRACE, "1d", FOREVER),
        ({"date_debut": "x"}, NOON + timedelta(seconds=59), RAW, to_us(NOON + timedelta(minutes=1))),
        ({"periode": "x"}, NOON, "1h", to_us(NOON) + 1),
        ({}, DAY_END - timedelta(seconds=1), "1h", to_us(DAY_END)),
    ],
)
def test_page_is_valid_until_its_open_bucket_ends_or_its_range_moves(
    asked: dict[str, str], as_of: datetime, interval: str, until_us: int
) -> None:
    query = question("sentiment", interval=interval, as_of=as_of)
    assert valid_until_us(replace(query, parameters=asked)) == until_us


def test_relative_range_moves_with_the_clock(
    tmp_path: Path, api_of: Callable[[Path], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": NOON + timedelta(minutes=i)} for i in range(9)])
    api, answered = api_of(tmp_path), []
    for seconds in (0, 59, 60, 119, 120, 0):
        monkeypatch.setattr("api.http.clock.now_us", lambda at=seconds: to_us(NOON + timedelta(seconds=at)))
        points = json_of(api, f"{PATH}?periode=2m&intervalle=brut")["points"]
        answered.append([point["event_time"][14:16] for point in points])
    assert answered == [[], ["00"], ["00"], ["00", "01"], ["00", "01"], []]


def test_requests_are_counted_though_their_answers_are_cached(
    tmp_path: Path, api_of: Callable[[Path], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    assert api.follow(f"{PATH}?{DAY}").status == 200
    limited = lakes.current_settings().model_copy(
        update={"rate_limit": "1/minute", "answers_budget_bytes": 10**6}
    )
    monkeypatch.setattr("api.access.throttling.current_settings", lambda: limited)
    monkeypatch.setattr("api.access.throttling.AddressThrottle.cache", LocMemCache("counted", {}))
    assert [api.follow(f"{PATH}?{DAY}").status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("authorization", [None, "Bearer nobody"])
def test_closed_api_serves_no_cached_answer_to_nobody(
    tmp_path: Path, api_of: Callable[[Path], Api], monkeypatch: pytest.MonkeyPatch, authorization: str | None
) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    assert [api.follow(f"{PATH}?{DAY}").status for _ in range(2)] == [200, 200]
    assert response_cache().n_found["hit"] == 1

    closed = lakes.current_settings().model_copy(update={"history_open": False})
    monkeypatch.setattr("api.access.permissions.current_settings", lambda: closed)
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = api.client.get(f"{PATH}?{DAY}", headers=headers)

    assert answer.status_code == 401
    assert response_cache().n_found["hit"] == 1


def test_token_is_checked_though_an_answer_is_cached(tmp_path: Path, api_of: Callable[[Path], Api]) -> None:
    build_lake(tmp_path, sentiment=[{}])
    api = api_of(tmp_path)
    assert api.follow(f"{PATH}?{DAY}").status == 200
    answer = api.client.get(f"{PATH}?{DAY}", headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == 401


def test_budget_bounds_the_cache(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{}])
    table = lake.open(str(tmp_path)).snapshot("gold_sentiment")["gold_sentiment"]
    cache = ResponseCache(100)

    def page(n_bytes: int) -> CachedPage:
        return CachedPage(
            meta={},
            points=b"x" * n_bytes,
            etag="",
            table=table,
            symbol="btc",
            tail_lasts={0: 7},
            since_us=5,
            until_us=9,
        )

    for request, n_bytes in [("a", 40), ("b", 40), ("c", 40), ("b", 50), ("d", 101)]:
        cache.put(request, page(n_bytes))
    assert [cache.get(request) is not None for request in "abcd"] == [False, True, True, False]
    assert cache.n_bytes == 90
    assert [page(1).is_valid(table, {0: 7}, now_us) for now_us in (4, 5, 8, 9)] == [False, True, True, False]
    assert not page(1).is_valid(replace(table, version=table.version + 1), {0: 7}, 5)
    assert not page(1).is_valid(table, {0: 8}, 5)
    assert not page(1).is_valid(table, {}, 5)
