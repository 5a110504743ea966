"""An ETag changes with what an answer says, and with nothing else."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.time_range import to_us
from tests.support.api_client import Api
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

ApiOf = Callable[[Path], Api]
RANGE = "date_debut=2026-01-10&date_fin=2026-01-11"
PATH = "/api/v1/{}/btc/historique"
QUERIES = [
    f"{RANGE}&intervalle=5m",
    f"{RANGE}&intervalle=brut",
    f"{RANGE}&intervalle=brut&format=csv",
    f"{RANGE}&intervalle=brut&format=ndjson&limite=20000",
]


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    return build_lake(
        tmp_path,
        sentiment=[{"score": 0.5}, {"event_time": NOON + timedelta(minutes=6)}],
        prediction=[{"target_time": NOON + timedelta(hours=1)}],
        price=[{"event_time": NOON}],
    )


def ask(api: Api, query: str, series: str = "sentiment", etag: str | None = None, method: str = "GET") -> Any:
    headers = {} if etag is None else {"If-None-Match": etag}
    return api.client.generic(method, PATH.format(series), QUERY_STRING=query, headers=headers)


@pytest.mark.parametrize("query", QUERIES)
def test_same_answer_is_304(builder: LakeBuilder, api_of: ApiOf, query: str) -> None:
    api = api_of(builder.path)
    first = ask(api, query)
    again = ask(api, query, etag=first.headers["ETag"])
    assert first.headers["ETag"].startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    assert (again.headers["ETag"], again.headers["Cache-Control"]) == (first.headers["ETag"], "no-cache")
    assert "Accept" in again.headers["Vary"]
    assert ask(api, query, etag='W/"other", ' + first.headers["ETag"]).status_code == 304
    assert ask(api, query, etag="*").status_code == 304
    assert ask(api, query, etag='"other"').status_code == 200


@pytest.mark.parametrize("query", QUERIES)
def test_head_is_304_where_get_is(builder: LakeBuilder, api_of: ApiOf, query: str) -> None:
    api = api_of(builder.path)
    etag = ask(api, query).headers["ETag"]
    got, head = (ask(api, query, etag=etag, method=method) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (304, b"")
    assert dict(head.headers) == dict(got.headers)
    assert ask(api, query, etag='"other"', method="HEAD").status_code == 200


@pytest.mark.parametrize("query", QUERIES)
def test_compaction_and_other_symbols_do_not_change_it(
    builder: LakeBuilder, api_of: ApiOf, query: str
) -> None:
    api = api_of(builder.path)
    before = ask(api, query).headers["ETag"]
    builder.append("gold_sentiment", [{"symbol": "eth"}])
    builder.append("gold_sentiment", [{"event_time": NOON - timedelta(days=3)}])
    assert ask(api, query, etag=before).status_code == 304
    builder.open("gold_sentiment").optimize.compact()
    assert ask(api, query, etag=before).status_code == 304


@pytest.mark.parametrize("query", QUERIES)
def test_new_event_changes_it(builder: LakeBuilder, api_of: ApiOf, query: str) -> None:
    api = api_of(builder.path)
    before = ask(api, query).headers["ETag"]
    builder.append("gold_sentiment", [{"event_time": NOON + timedelta(seconds=1)}])
    assert ask(api, query, etag=before).status_code == 200


@pytest.mark.parametrize("query", QUERIES)
def test_expiry_changes_it(builder: LakeBuilder, api_of: ApiOf, query: str) -> None:
    api = api_of(builder.path)
    before = ask(api, query).headers["ETag"]
    builder.open("gold_sentiment").delete("event_date = '2026-01-10'")
    assert ask(api, query, etag=before).status_code == 200


def test_bucket_that_closes_changes_it(
    builder: LakeBuilder, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = api_of(builder.path)
    monkeypatch.setattr("api.http.clock.now_us", lambda: to_us(NOON + timedelta(minutes=19)))
    before = ask(api, QUERIES[0]).headers["ETag"]
    assert ask(api, QUERIES[0], etag=before).status_code == 304
    monkeypatch.setattr("api.http.clock.now_us", lambda: to_us(NOON + timedelta(minutes=20)))
    assert ask(api, QUERIES[0], etag=before).status_code == 200


@pytest.mark.parametrize("form", ["", "&format=ndjson&limite=20000"])
def test_price_that_a_prediction_waited_for_changes_it(
    builder: LakeBuilder, api_of: ApiOf, form: str
) -> None:
    api = api_of(builder.path)
    before = ask(api, RANGE + form, "prediction").headers["ETag"]
    assert ask(api, RANGE + form, "prediction", etag=before).status_code == 304
    builder.append("gold_price", [{"event_time": NOON + timedelta(hours=1)}])
    assert ask(api, RANGE + form, "prediction", etag=before).status_code == 200


def test_question_that_is_relative_to_now_is_the_same_for_a_whole_bucket(
    builder: LakeBuilder, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = api_of(builder.path)

    def etag_at(minutes: float, query: str) -> str:
        monkeypatch.setattr("api.http.clock.now_us", lambda: to_us(NOON + timedelta(minutes=minutes)))
        return str(ask(api, query).headers["ETag"])

    assert etag_at(21, "periode=1h&intervalle=5m") == etag_at(24.9, "periode=1h&intervalle=5m")
    assert etag_at(21, "periode=1h&intervalle=5m") != etag_at(25.1, "periode=1h&intervalle=5m")
    assert etag_at(21.1, "periode=1h&intervalle=brut") == etag_at(21.9, "periode=1h&intervalle=brut")
    assert etag_at(21.1, "date_debut=2026-01-10") == etag_at(24.9, "date_debut=2026-01-10")


def test_representations_have_their_own(builder: LakeBuilder, api_of: ApiOf) -> None:
    api = api_of(builder.path)
    etags = {
        ask(api, f"{RANGE}&format={form}").headers["ETag"] for form in ("json", "csv", "ndjson", "arrow")
    }
    assert len(etags) == 4


def test_head_has_the_etag_of_get(builder: LakeBuilder, api_of: ApiOf) -> None:
    api = api_of(builder.path)
    assert ask(api, RANGE, method="HEAD").headers["ETag"] == ask(api, RANGE).headers["ETag"]


@pytest.mark.parametrize("path", ["/api/v1/schema", "/api/v1/actifs"])
def test_what_has_no_range_has_an_etag_too(builder: LakeBuilder, api_of: ApiOf, path: str) -> None:
    client = api_of(builder.path).client
    first = client.get(path)
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
