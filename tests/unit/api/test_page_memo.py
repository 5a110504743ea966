"""Pages that are kept: asked again they cost nothing, and nothing that was kept is ever stale."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.history import selectors
from api.history.page_memo import KeptPage, PageMemo, true_until_us
from lakehouse import lake
from lakehouse.history import read_history
from lakehouse.time_range import to_us
from tests.lake_builder import NOON, build_lake
from tests.unit.api.asking import Api
from tests.unit.lakehouse.history_helpers import question

PATH = "/api/v1/sentiment/btc/historique"
DAY = "date_debut=2026-01-10&date_fin=2026-01-11"
FOREVER = 2**63 - 1


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
    first, again = (json_of(api, f"{path}?{query}") for _ in range(2))
    for answer in (first, again):
        for table in answer["snapshot"]:
            table.pop("freshness")
    assert first == again
    assert len(n_read) == 1


def test_each_commit_is_seen(tmp_path: Path, api_of: Callable[[Path], Api]) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    api = api_of(tmp_path)
    for i in range(3):
        assert [point["count"] for point in json_of(api, f"{PATH}?{DAY}&intervalle=1h")["points"]] == [i + 1]
        assert [point["count"] for point in json_of(api, f"{PATH}?{DAY}&intervalle=1h")["points"]] == [i + 1]
        builder.append("gold_sentiment", [{"score": 0.2}])


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


def test_predictions_cursors_and_other_representations_are_not_kept(
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
    ("as_of", "interval", "until_us"),
    [
        (NOON, "5m", to_us(NOON + timedelta(minutes=5))),
        (NOON + timedelta(minutes=4), "5m", to_us(NOON + timedelta(minutes=5))),
        (NOON, "brut", FOREVER),
        (datetime.fromisoformat("2026-01-11T00:00:00Z"), "1d", FOREVER),
    ],
)
def test_a_page_is_true_until_its_open_bucket_ends(as_of: datetime, interval: str, until_us: int) -> None:
    assert true_until_us(question("sentiment", interval=interval, as_of=as_of)) == until_us


def test_budget_bounds_what_is_kept_and_a_clock_that_goes_back_finds_nothing(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{}])
    table = lake.open(str(tmp_path)).snapshot("gold_sentiment")["gold_sentiment"]
    memo = PageMemo(100)
    asked = [question("sentiment", limit=limit, as_of=NOON) for limit in (1, 2, 3)]

    def page(n_bytes: int) -> KeptPage:
        return KeptPage(
            requete={},
            suivant=None,
            complet=True,
            points=b"x" * n_bytes,
            etag="",
            since_us=to_us(NOON),
            until_us=FOREVER,
        )

    for query in [*asked, asked[1]]:
        memo.keep(query, table, page(40), format_asked=None)
    memo.keep(question("sentiment", limit=9), table, page(101), format_asked=None)
    found = [memo.find(query, table, format_asked=None) is not None for query in asked]
    assert (found, memo.n_bytes) == ([False, True, True], 80)
    earlier = question("sentiment", limit=3, as_of=NOON - timedelta(seconds=1))
    assert memo.find(earlier, table, format_asked=None) is None
