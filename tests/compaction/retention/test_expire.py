"""Expiry of whole days that nothing needs any more; buckets stay the same, histories of rows report the removal."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from compaction.retention.expire import Expired, expire_lake
from compaction.rewriting.compact import compact_lake
from lakehouse import lake
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.retained_from import read_retained_from
from lakehouse.delta.table import append, open_table
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.errors import PositionConflictError
from lakehouse.history.page import read_history
from lakehouse.history.stream import stream_history
from lakehouse.maintenance.lock import held_lock, lock_path
from lakehouse.process.retention import Retention
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.time_range import to_us
from tests.support.history_queries import pages, question
from tests.support.lake_builder import NOON, LakeBuilder, build_lake
from tests.support.python_command import run_python

DAY = timedelta(days=1)
DAYS = 100
KEEP = Retention.parse("bronze=7,gold_price=100,gold_sentiment=100")
# The first two of the five days below are over for longer than they are kept.
NOW_US = to_us(datetime(2026, 1, 12, 9, tzinfo=UTC) + DAYS * DAY)
HORIZON_US = to_us(datetime(2026, 1, 12, tzinfo=UTC))
FIVE_DAYS = {"start": datetime(2026, 1, 10, tzinfo=UTC), "end": datetime(2026, 1, 15, tzinfo=UTC)}


def _rows(*, per_day: int = 4) -> list[dict[str, Any]]:
    return [
        {
            "event_time": NOON + day * DAY + timedelta(minutes=7 * at),
            "price": 100.0 + day + at,
            "score": (day - at) / 8,
            "title": f"Bitcoin gains {100 + 10 * day + at % 2} dollars",
        }
        for day in range(5)
        for at in range(per_day)
    ]


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    built = build_lake(tmp_path, price=_rows(), sentiment=_rows())
    refresh_rollups(lake.open(str(tmp_path)))
    refresh_stories(lake.open(str(tmp_path)))
    return built


def _expire(builder: LakeBuilder, *, dry_run: bool = False, now_us: int = NOW_US) -> list[Expired]:
    return expire_lake(lake.open(str(builder.path)), KEEP, now_us=now_us, dry_run=dry_run)


def _days(builder: LakeBuilder, name: str) -> set[str]:
    column = builder.open(name).to_pyarrow_table()["event_date"].to_pylist()
    return {day.isoformat() for day in column}


def test_dry_run_says_what_would_go_and_changes_nothing(builder: LakeBuilder) -> None:
    version = builder.open("gold_price").version()
    found = {entry.table: entry for entry in _expire(builder, dry_run=True)}
    assert set(found) == {"gold_price", "gold_sentiment"}
    price = found["gold_price"]
    assert (price.n_partitions, price.n_files, price.n_rows) == (2, 2, 8)
    assert (price.first_date, price.held_back) == ("2026-01-12", None)
    assert builder.open("gold_price").version() == version


def test_days_beyond_the_retention_go_and_the_position_stays(builder: LakeBuilder) -> None:
    _expire(builder)
    table = open_table(builder.catalog.table_location("gold_price", builder.build), GOLD_PRICE)
    assert _days(builder, "gold_price") == {"2026-01-12", "2026-01-13", "2026-01-14"}
    assert read_position(table, ["TopicPrice"]) == Position({TopicPartition("TopicPrice", 0): 20})
    assert read_retained_from(table) == HORIZON_US


def test_second_expiry_does_nothing(builder: LakeBuilder) -> None:
    _expire(builder)
    version = builder.open("gold_price").version()
    assert _expire(builder) == []
    assert builder.open("gold_price").version() == version


def test_retained_from_survives_compaction_a_checkpoint_and_a_longer_retention(builder: LakeBuilder) -> None:
    reader = lake.open(str(builder.path))
    reader.snapshot("gold_price")
    _expire(builder)
    compact_lake(builder.location, wait_for_late_rows=False)
    builder.open("gold_price").create_checkpoint()
    builder.append("gold_price", [{"event_time": NOON}])  # nobody ingests it so late; it goes again
    expire_lake(reader, Retention.parse("bronze=7,gold_price=101"), now_us=NOW_US, dry_run=False)
    assert reader.snapshot("gold_price")["gold_price"].retained_from_us == HORIZON_US
    assert lake.open(str(builder.path)).snapshot("gold_price")["gold_price"].retained_from_us == HORIZON_US


def test_day_that_the_rollups_lack_is_held_back_until_they_have_it(builder: LakeBuilder) -> None:
    builder.append("gold_price", [{"event_time": NOON + timedelta(hours=1)}])
    (price,) = [entry for entry in _expire(builder) if entry.table == "gold_price"]
    assert (price.n_rows, price.held_back) == (0, "gold_price_1h has not ingested all of these records yet")
    assert len(_days(builder, "gold_price")) == 5
    refresh_rollups(lake.open(str(builder.path)))
    (price,) = _expire(builder)
    assert price.n_rows == 9


@pytest.mark.parametrize("columns_budget_bytes", [0, 50_000_000])
@pytest.mark.parametrize("interval", ["5m", "1h", "1d"])
@pytest.mark.parametrize("series", ["price", "sentiment"])
def test_buckets_are_what_they_were_before_the_expiry(
    builder: LakeBuilder, series: str, interval: str, columns_budget_bytes: int
) -> None:
    reader = lake.open(str(builder.path), columns_budget_bytes=columns_budget_bytes)
    asked = question(series, interval=interval, **FIVE_DAYS)
    before = read_history(reader, asked)
    _expire(builder)
    for after in (reader, lake.open(str(builder.path), columns_budget_bytes=columns_budget_bytes)):
        page = read_history(after, asked)
        assert page.rows == before.rows
        assert page.retained_from_us is None


@pytest.mark.parametrize("columns_budget_bytes", [0, 50_000_000])
@pytest.mark.parametrize("interval", ["5m", "1d"])
def test_buckets_of_stories_are_what_they_were_before_the_expiry(
    builder: LakeBuilder, interval: str, columns_budget_bytes: int
) -> None:
    reader = lake.open(str(builder.path), columns_budget_bytes=columns_budget_bytes)
    asked = question("sentiment", interval=interval, by_story=True, **FIVE_DAYS)
    before = read_history(reader, asked)
    _expire(builder)
    for after in (reader, lake.open(str(builder.path), columns_budget_bytes=columns_budget_bytes)):
        page = read_history(after, asked)
        assert (page.rows, page.retained_from_us) == (before.rows, None)
    assert sum(row[1] for row in before.rows) == 10


def test_day_that_the_stories_lack_is_held_back_until_they_have_it(builder: LakeBuilder) -> None:
    builder.append("gold_sentiment", [{"event_time": NOON}])
    refresh_rollups(lake.open(str(builder.path)))
    (held,) = [entry for entry in _expire(builder) if entry.table == "gold_sentiment"]
    assert (held.n_rows, held.held_back) == (0, "gold_story has not ingested all of these records yet")
    refresh_stories(lake.open(str(builder.path)))
    (expired,) = _expire(builder)
    assert (expired.table, expired.n_rows) == ("gold_sentiment", 9)


def test_pages_of_buckets_go_on_before_retained_from(builder: LakeBuilder) -> None:
    reader = lake.open(str(builder.path))
    asked = question("price", interval="5m", limit=3, **FIVE_DAYS)
    before = [row for page in pages(reader, asked) for row in page.rows]
    first = read_history(reader, asked)
    _expire(builder)
    builder.append("gold_price", [{"event_time": NOON + 4 * DAY + timedelta(hours=5)}])
    refresh_rollups(lake.open(str(builder.path)))
    other = lake.open(str(builder.path))  # a process that has never seen the older rollup
    rows = list(first.rows)
    page = first
    while page.next is not None:
        page = read_history(other, question("price", interval="5m", limit=3, cursor=page.next, **FIVE_DAYS))
        rows += page.rows
    assert sorted(rows) == sorted(before)


def test_history_of_rows_before_retained_from_is_incomplete(builder: LakeBuilder) -> None:
    reader = lake.open(str(builder.path))
    _expire(builder)
    page = read_history(reader, question("price", **FIVE_DAYS))
    assert (len(page.rows), page.retained_from_us) == (12, HORIZON_US)
    kept = question("price", start=datetime(2026, 1, 12, tzinfo=UTC), end=datetime(2026, 1, 15, tzinfo=UTC))
    assert read_history(reader, kept).retained_from_us is None
    assert stream_history(reader, question("price", **FIVE_DAYS)).pinned.retained_from_us == HORIZON_US


def test_bucket_that_an_expired_minute_would_have_to_be_cut_for_is_said_to_lack_it(
    builder: LakeBuilder,
) -> None:
    _expire(builder)
    asked = {**FIVE_DAYS, "start": datetime(2026, 1, 10, 0, 30, tzinfo=UTC)}
    page = read_history(lake.open(str(builder.path)), question("price", interval="1d", **asked))
    assert page.retained_from_us == HORIZON_US


def test_market_that_only_expired_days_had_is_still_answered_for(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{"symbol": "luna", "price": 3.0}])
    refresh_rollups(lake.open(str(tmp_path)))
    _expire(builder)
    page = read_history(lake.open(str(tmp_path)), question("price", symbol="luna", interval="1d"))
    assert [(row[1], page.retained_from_us) for row in page.rows] == [(3.0, None)]


def test_forecast_without_a_score_keeps_itself_and_its_prices(tmp_path: Path) -> None:
    day_two = NOON + DAY
    build_lake(
        tmp_path,
        price=_rows(),
        prediction=[
            {"made_at": day_two, "target_time": day_two},
            {"symbol": "eth", "made_at": day_two, "target_time": NOON + 9 * DAY},
        ],
    )
    keep = Retention.parse("bronze=7,gold_price=100,gold_prediction=100")
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    refresh_scores(reader)
    found = {
        entry.table: (entry.n_partitions, entry.held_back)
        for entry in expire_lake(reader, keep, now_us=NOW_US, dry_run=False)
    }
    assert found == {
        "gold_prediction": (0, "a forecast of that time has no score yet"),
        "gold_price": (2, None),
    }


def test_append_from_before_an_expiry_still_commits_and_only_once(builder: LakeBuilder) -> None:
    first, second = builder.open("gold_price"), builder.open("gold_price")
    instant, key = NOON + 4 * DAY, TopicPartition("TopicPrice", 0)
    row = {"symbol": "btc", "event_time": instant, "event_date": instant.date()}
    rows = pa.Table.from_pylist([row], schema=GOLD_PRICE.to_arrow_schema())
    _expire(builder)
    append(first, GOLD_PRICE, rows, expected={key: 20}, advanced={key: 21})
    with pytest.raises(PositionConflictError, match="is 21, expected 20"):
        append(second, GOLD_PRICE, rows, expected={key: 20}, advanced={key: 21})
    assert builder.open("gold_price").count() == 13


def test_expired_files_are_removed_by_vacuum_and_the_rest_stays_readable(builder: LakeBuilder) -> None:
    _expire(builder)
    table = builder.open("gold_price")
    gone = table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert len(gone) == 2
    assert builder.open("gold_price").to_pyarrow_table().num_rows == 12


def run_command(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "compaction", *arguments, "--lake", str(folder), "--json", environ=environ)


def test_command_is_a_dry_run_without_yes_and_run_does_it_where_a_retention_is_set(tmp_path: Path) -> None:
    old = datetime.now(UTC) - 200 * DAY
    builder = build_lake(tmp_path)
    builder.append("gold_price", [{"event_time": old}, {"event_time": datetime.now(UTC)}])
    keep = ("--keep", "bronze=7", "--keep", "gold_price=100")

    planned = json.loads(run_command(tmp_path, "expire", *keep).stdout)
    assert (planned["dry_run"], planned["expire"][0]["n_rows"]) == (True, 1)
    assert json.loads(run_command(tmp_path, "plan", *keep).stdout)["expire"] == planned["expire"]
    assert json.loads(run_command(tmp_path, "plan").stdout)["expire"] == []
    assert builder.open("gold_price").to_pyarrow_table().num_rows == 2
    done = json.loads(run_command(tmp_path, "run", CRYPTOVIZ_RETENTION="bronze=7,gold_price=100").stdout)
    assert [(entry["table"], entry["n_rows"]) for entry in done["expire"]] == [("gold_price", 1)]
    (ran,) = json.loads(run_command(tmp_path, "history").stdout)["runs"]
    assert ran["figures"]["n_expired_rows"] == 1
    assert builder.open("gold_price").to_pyarrow_table().num_rows == 1


def test_expiry_beside_a_compaction_leaves(builder: LakeBuilder) -> None:
    with held_lock(lock_path(builder.location, builder.path), command="compact"):
        done_beside = run_command(builder.path, "expire", "--yes")
    assert done_beside.returncode == 75
