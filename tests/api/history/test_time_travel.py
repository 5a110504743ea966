"""Answers as the tables stood: at a version, at an instant, and 410 where that is gone."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse import lake
from lakehouse.errors import VersionGoneError
from tests.support.api_client import Answer, Api
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

ApiOf = Callable[[Path], Api]
RANGE = "date_debut=2026-01-10&date_fin=2026-01-11"
COMMITTED = datetime(2026, 1, 20, tzinfo=UTC)
"""When version 0 of every table is said to have been committed; each version after it came a minute later."""


def scores(answer: Answer) -> list[float]:
    return [point["score"] for point in answer.document["points"]]


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    """Version 1 of gold_sentiment holds nothing; each after that one row more."""
    builder = build_lake(tmp_path)
    for i in range(3):
        builder.append("gold_sentiment", [{"event_time": NOON + timedelta(minutes=i), "score": i / 10}])
    return builder


@pytest.fixture
def ask(builder: LakeBuilder, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    api = api_of(builder.path)
    now = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()) * 1_000_000
    monkeypatch.setattr("api.http.clock.now_us", lambda: now)

    def asked(query: str, series: str = "sentiment") -> Answer:
        date_commits(builder)
        return api.history(series, query)

    return asked


def date_commits(builder: LakeBuilder) -> None:
    """Give every commit and the first build a time that the tests can name."""
    for log in builder.path.glob("*/build-*/_delta_log"):
        for commit in log.glob("*.json"):
            lines = [json.loads(line) for line in commit.read_text().splitlines()]
            for line in lines:
                if "commitInfo" in line:
                    at = COMMITTED + timedelta(minutes=int(commit.stem))
                    line["commitInfo"]["timestamp"] = int(at.timestamp() * 1000)
            commit.write_text("\n".join(json.dumps(line) for line in lines))
    for path in builder.path.glob("_catalog/builds/000001.json"):
        entry = json.loads(path.read_text())
        entry["created_time"] = (COMMITTED - timedelta(days=1)).isoformat()
        path.write_text(json.dumps(entry))


def test_version_is_answered_as_it_stood(ask: Callable[..., Answer]) -> None:
    answer = ask(f"{RANGE}&intervalle=brut&version=3")
    assert scores(answer) == [0.0, 0.1]
    assert answer.document["snapshot"][0]["version"] == 3
    assert answer.document["snapshot"][0]["position"] == {"TopicSentiment": [2]}
    assert answer.document["requete"]["a_la_date"] == "2026-01-20T00:03:00Z"


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-01-20T00:01:59Z", []),
        ("2026-01-20T00:02:00Z", [0.0]),
        ("2026-01-20T00:03:59.999Z", [0.0, 0.1]),
        ("2026-01-25", [0.0, 0.1, 0.2]),
    ],
)
def test_instant_is_answered_as_it_stood(
    ask: Callable[..., Answer], instant: str, expected: list[float]
) -> None:
    assert scores(ask(f"{RANGE}&intervalle=brut&a_la_date={instant}")) == expected


def test_what_is_pinned_may_be_kept_for_long(ask: Callable[..., Answer]) -> None:
    assert "immutable" in ask(f"{RANGE}&version=3").headers["Cache-Control"]
    assert "immutable" in ask(f"{RANGE}&a_la_date=2026-01-25").headers["Cache-Control"]
    assert ask(RANGE).headers["Cache-Control"] == "no-cache"
    assert ask(f"{RANGE}&a_la_date=2026-01-31T23:59:00Z").headers["Cache-Control"] == "no-cache"


def test_now_is_the_instant_of_the_version(ask: Callable[..., Answer]) -> None:
    request = ask("version=3&periode=15m").document["requete"]
    assert (request["date_debut"], request["date_fin"]) == ("2026-01-19T23:45:00Z", "2026-01-20T00:05:00Z")


def test_pages_of_a_version_stay_there(builder: LakeBuilder, ask: Callable[..., Answer]) -> None:
    first = ask(f"{RANGE}&intervalle=brut&version=4&limite=2")
    builder.append("gold_sentiment", [{"event_time": NOON - timedelta(minutes=1), "score": -1.0}])
    second = ask(first.document["suivant"].partition("?")[2])
    assert (scores(first), scores(second)) == ([0.1, 0.2], [0.0])
    assert second.document["snapshot"][0]["version"] == 4


def test_other_tables_are_those_of_the_same_instant(builder: LakeBuilder, ask: Callable[..., Answer]) -> None:
    builder.append("gold_prediction", [{"target_time": NOON}])  # version 2
    builder.append("gold_price", [])  # version 2
    builder.append("gold_price", [{"price": 42.0}])  # version 3, one minute later
    at_two = ask(f"{RANGE}&version=2", "prediction").document
    later = ask(f"{RANGE}&a_la_date=2026-01-20T00:03:00Z", "prediction").document
    assert [entry["version"] for entry in at_two["snapshot"]] == [2, 2]
    assert [point["realised_price"] for point in at_two["points"]] == [None]
    assert [entry["version"] for entry in later["snapshot"]] == [2, 3]
    assert [point["realised_price"] for point in later["points"]] == [42.0]


def gone(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.document["available"]


def test_version_whose_log_was_cleaned_up_is_410(builder: LakeBuilder, ask: Callable[..., Answer]) -> None:
    builder.open("gold_sentiment").create_checkpoint()
    log = builder.catalog.table_location("gold_sentiment", builder.build).to_path() / "_delta_log"
    for version in range(4):
        (log / f"{version:020d}.json").unlink()
    assert gone(ask(f"{RANGE}&version=2")) == (410, "versions 4 to 4, from 2026-01-20T00:04:00Z on")
    assert ask(f"{RANGE}&a_la_date=2026-01-20T00:02:30Z").status == 410
    assert scores(ask(f"{RANGE}&version=4&intervalle=brut")) == [0.0, 0.1, 0.2]


def test_version_whose_files_were_vacuumed_is_410(builder: LakeBuilder, ask: Callable[..., Answer]) -> None:
    table = builder.open("gold_sentiment")
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    answer = ask(f"{RANGE}&intervalle=brut&version=3")
    assert (answer.status, answer.document["status"]) == (410, 410)
    assert scores(ask(f"{RANGE}&intervalle=brut")) == [0.0, 0.1, 0.2]


def clean_up(builder: LakeBuilder, name: str, first: int) -> None:
    """Remove the commits before a version, as cleaning a log up does."""
    builder.open(name).create_checkpoint()
    log = builder.catalog.table_location(name, builder.build).to_path() / "_delta_log"
    for version in range(first):
        (log / f"{version:020d}.json").unlink()


def compact_and_vacuum(builder: LakeBuilder, name: str) -> None:
    table = builder.open(name)
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def rebuild(builder: LakeBuilder, *, rows: int, removes_older: bool, older_layout: int | None = None) -> None:
    """Serve another build from 2026-01-19 12:00 on, whose commits come after it."""
    newest = builder.catalog.next_build("rebuilt")
    entry = {
        "number": newest.number,
        "build_id": newest.build_id,
        "reason": newest.reason,
        "created_time": "2026-01-19T12:00:00+00:00",
        "layout": newest.layout,
        "tables": dict(newest.paths),
    }
    if removes_older:
        for path in builder.path.glob("*/build-000001"):
            shutil.rmtree(path)
    if older_layout is not None:
        path = builder.path / "_catalog/builds/000001.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"layout": older_layout}))
    builder.location.put_if_absent("_catalog/builds/000002.json", json.dumps(entry).encode())
    builder.build = newest
    for name in ("gold_sentiment", "gold_price"):
        builder.append(name, [{"event_time": NOON}] * rows)


PASTS: dict[str, tuple[Callable[[LakeBuilder], None], str, str]] = {
    "a lake of this hour": (lambda builder: None, "sentiment", "2026-01-20T00:00:00Z"),
    "a log without its first commits": (
        lambda builder: clean_up(builder, "gold_sentiment", 4),
        "sentiment",
        "2026-01-20T00:04:00Z",
    ),
    "files that compaction replaced and vacuum removed": (
        lambda builder: compact_and_vacuum(builder, "gold_sentiment"),
        "sentiment",
        "2026-01-20T00:05:00Z",
    ),
    "prices with less of a past than the predictions that they settle": (
        lambda builder: (builder.append("gold_price", [{}, {}]), clean_up(builder, "gold_price", 2)),
        "prediction",
        "2026-01-20T00:02:00Z",
    ),
    "a build of an older layout": (
        lambda builder: rebuild(builder, rows=1, removes_older=False, older_layout=1),
        "sentiment",
        "2026-01-20T00:00:00Z",
    ),
    "a build that is gone": (
        lambda builder: rebuild(builder, rows=1, removes_older=True),
        "sentiment",
        "2026-01-20T00:00:00Z",
    ),
}


@pytest.mark.parametrize(("shorten", "series", "first"), PASTS.values(), ids=list(PASTS))
@pytest.mark.parametrize("instant", ["1970-01-01", "2026-01-18", "2026-01-19T23:59:59.999Z"])
def test_what_is_too_early_names_the_first_instant_that_is_answered(
    builder: LakeBuilder, ask: Callable[..., Answer], shorten: Any, series: str, first: str, instant: str
) -> None:
    shorten(builder)
    early = ask(f"{RANGE}&a_la_date={instant}", series)
    assert gone(early) == (410, f"{first} and later")
    assert first in early.document["detail"]
    assert ask(f"{RANGE}&a_la_date={first}", series).status in (200, 404)  # 404: no row of the symbol yet
    before = datetime.fromisoformat(first) - timedelta(milliseconds=1)
    assert ask(f"{RANGE}&a_la_date={before.isoformat()}".replace("+00:00", "Z"), series).status == 410


def test_version_that_is_gone_names_those_that_are_not(
    builder: LakeBuilder, ask: Callable[..., Answer]
) -> None:
    compact_and_vacuum(builder, "gold_sentiment")
    answer = ask(f"{RANGE}&intervalle=brut&version=3")
    assert gone(answer) == (410, "versions 5 to 7, from 2026-01-20T00:05:00Z on")
    assert scores(ask(f"{RANGE}&intervalle=brut&version=5")) == [0.0, 0.1, 0.2]


@pytest.mark.parametrize("query", ["a_la_date=2026-01-01", "version=1", "a_la_date=2026-01-01&periode=1h"])
def test_past_of_a_lake_that_does_not_exist_is_503(tmp_path: Path, api_of: ApiOf, query: str) -> None:
    answer = api_of(tmp_path / "none").history("sentiment", query)
    assert (answer.status, answer.document["detail"]) == (503, "lake does not exist yet")
    assert not (tmp_path / "none").exists()


def test_as_of_in_python_names_the_first_instant_too(builder: LakeBuilder) -> None:
    clean_up(builder, "gold_sentiment", 4)
    date_commits(builder)
    reader = lake.open(str(builder.path))
    first = "2026-01-20T00:04:00Z"
    asked = (
        lambda at: reader.table("gold_sentiment", as_of=at),
        lambda at: reader.table("gold_sentiment").changes(at),
        lambda at: reader.connect(as_of=at),
    )
    for ask_at in asked:
        for early in ("2001-01-01", "2026-01-20T00:03:59.999Z"):
            with pytest.raises(VersionGoneError, match=f"{first} and later"):
                ask_at(early)
        ask_at(first)
    pinned = reader.table("gold_sentiment", version=4)
    assert pinned.arrow().num_rows == 3


def test_instant_of_an_older_build_is_answered_from_it(
    builder: LakeBuilder, ask: Callable[..., Answer]
) -> None:
    older = builder.build
    newest = builder.catalog.next_build("rebuilt")
    entry = {
        "number": newest.number,
        "build_id": newest.build_id,
        "reason": newest.reason,
        "created_time": "2026-01-30T00:00:00+00:00",
        "tables": dict(newest.paths),
    }
    builder.location.put_if_absent("_catalog/builds/000002.json", json.dumps(entry).encode())
    answer = ask(f"{RANGE}&intervalle=brut&a_la_date=2026-01-25")
    assert (answer.document["snapshot"][0]["build"], scores(answer)) == (older.build_id, [0.0, 0.1, 0.2])
