"""Days, weeks and months of a time zone: those of a plain grouping by local dates, whatever answers them."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import fsum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from compaction.retention.expire import expire_lake
from lakehouse import lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.history.page import HistoryQuery, read_history
from lakehouse.lake import Lake
from lakehouse.process.retention import Retention
from lakehouse.series.buckets import Filling
from lakehouse.time_range import to_time, to_us
from tests.support.history_queries import pages, question
from tests.support.lake_builder import LakeBuilder, build_lake
from tests.support.profiles import sized

pytestmark = pytest.mark.lake
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)
ZONES = ("UTC", "Europe/Paris", "America/Havana", "Asia/Kolkata", "Africa/Casablanca")
INTERVALS = ("1d", "1w", "1M")


def make_rows(draw: random.Random, n_rows: int) -> list[dict[str, Any]]:
    seconds = int((END - START).total_seconds())
    return [
        {"event_time": START + timedelta(seconds=draw.randrange(seconds)), "number": draw.uniform(0, 1)}
        for _ in range(n_rows)
    ]


def append_rows(builder: LakeBuilder, rows: list[dict[str, Any]]) -> None:
    builder.append(
        "gold_sentiment", [{"event_time": row["event_time"], "score": row["number"]} for row in rows]
    )
    builder.append("gold_price", [{"event_time": row["event_time"], "price": row["number"]} for row in rows])


def local_group(zone: str, interval: str, time: datetime) -> date:
    day = time.astimezone(ZoneInfo(zone)).date()
    return {"1d": day, "1w": day - timedelta(days=day.weekday()), "1M": day.replace(day=1)}[interval]


def plain_groups(rows: list[dict[str, Any]], query: HistoryQuery) -> list[list[dict[str, Any]]]:
    groups: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["event_time"]):
        if query.time_range.start_us <= to_us(row["event_time"]) < query.time_range.end_us:
            groups[local_group(query.zone, query.interval, row["event_time"])].append(row)
    return [groups[label] for label in sorted(groups)]


def assert_is_plain(reader: Lake, rows: list[dict[str, Any]], query: HistoryQuery) -> None:
    answered = [row for page in reversed(list(pages(reader, query))) for row in page.rows]
    groups = plain_groups(rows, query)
    assert len(answered) == len(groups)
    for (start_us, *figures), group in zip(answered, groups, strict=True):
        start, numbers = to_time(start_us), [row["number"] for row in group]
        label = local_group(query.zone, query.interval, group[0]["event_time"])
        before = local_group(query.zone, query.interval, start - timedelta(microseconds=1))
        assert before < local_group(query.zone, query.interval, start) == label
        if query.series.name == "sentiment":
            assert figures[0] == len(group)
            assert figures[1] == pytest.approx(fsum(numbers) / len(numbers), abs=1e-12)
            assert figures[2:4] == [min(numbers), max(numbers)]
        else:
            assert figures[:4] == [numbers[0], max(numbers), min(numbers), numbers[-1]]
            assert figures[5] == len(group)


@pytest.mark.parametrize("seed", range(sized(quick=2, full=5, soak=20)))
def test_buckets_are_those_of_local_dates(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    rows = make_rows(draw, 400)
    builder = build_lake(tmp_path)
    append_rows(builder, rows[:300])
    readers = [lake.open(str(tmp_path), columns_budget_bytes=budget) for budget in (0, 50_000_000)]
    for is_rolled in (False, True):
        if is_rolled:
            refresh_rollups(lake.open(str(tmp_path)))
            append_rows(builder, rows[300:])
        held = rows if is_rolled else rows[:300]
        for zone in ZONES:
            for interval in INTERVALS:
                start = START + timedelta(minutes=draw.choice([0, draw.randrange(20_000)]))
                for series in ("sentiment", "price"):
                    asked = question(series, start=start, end=END, interval=interval, zone=zone)
                    for reader in readers:
                        assert_is_plain(reader, held, replace(asked, limit=draw.choice([2, 7, 1000])))


def test_expired_days_are_whole_where_a_rollup_has_them(tmp_path: Path) -> None:
    rows = make_rows(random.Random(1), 300)
    append_rows(build_lake(tmp_path), rows)
    refresh_rollups(lake.open(str(tmp_path)))
    refresh_stories(lake.open(str(tmp_path)))
    retention, now_us = Retention({"gold_sentiment": 20}), to_us(END)
    expired = expire_lake(lake.open(str(tmp_path)), retention, now_us=now_us, dry_run=False)
    assert sum(each.n_rows for each in expired) > 0
    reader = lake.open(str(tmp_path))
    for zone in ZONES:
        for interval in INTERVALS:
            asked = question("sentiment", start=START, end=END, interval=interval, zone=zone)
            assert_is_plain(reader, rows, asked)
            assert read_history(reader, asked).retained_from_us is None


def test_days_of_23_and_25_hours_are_filled_once_each(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    append_rows(builder, [{"event_time": datetime(2026, 3, 27, 12, tzinfo=UTC), "number": 0.25}])
    for end, n_days in ((datetime(2026, 4, 1, tzinfo=UTC), 6), (datetime(2026, 11, 1, tzinfo=UTC), 220)):
        asked = question(
            "sentiment",
            start=datetime(2026, 3, 27, tzinfo=UTC),
            end=end,
            as_of=end,
            interval="1d",
            zone="Europe/Paris",
            filling=Filling.PREVIOUS,
            limit=50,
        )
        rows = [row for page in reversed(list(pages(lake.open(str(tmp_path)), asked))) for row in page.rows]
        days = [to_time(row[0]).astimezone(ZoneInfo("Europe/Paris")) for row in rows]
        assert [day.date() for day in days] == [date(2026, 3, 27) + timedelta(days=n) for n in range(n_days)]
        assert {(day.hour, day.minute) for day in days} == {(0, 0)}
        assert [row[2] for row in rows] == [0.25] * n_days
