"""Contents of rollups, concurrent refreshes, and the rows of gold that an answer reads beside them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse import lake
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history import file_sources
from lakehouse.history.page import read_history
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.rollups import rollup_for
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, to_us
from tests.support.history_queries import points, question
from tests.support.lake_builder import NOON, LakeBuilder, at, build_lake

NOON_US = to_us(NOON)


@pytest.fixture(autouse=True)
def _rollups_always_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_sources, "MIN_ROLLUP_SPEEDUP", 0)


def counts(reader: Lake, **more: object) -> list[tuple[int, ...]]:
    page = read_history(reader, question("sentiment", **{"interval": "1m"} | more))
    return points(page, "event_time", "count")


def gold_file(builder: LakeBuilder, version: int, name: str = "gold_sentiment") -> Path:
    """Return the file that a commit added."""
    location = builder.catalog.table_location(name, builder.build).to_path()
    actions = (location / "_delta_log" / f"{version:020d}.json").read_text().splitlines()
    (path,) = [json.loads(line)["add"]["path"] for line in actions if "add" in json.loads(line)]
    return location / path


def test_partial_sum_holds_count_exact_sum_extremes_labels_and_origins(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        sentiment=[
            {"event_time": at(seconds=1), "score": 0.1, "label": "positive"},
            {"event_time": at(seconds=2), "score": -0.3, "label": "negative", "origin": "collected"},
            {"event_time": at(seconds=3), "score": None, "label": "unscored"},
            {"event_time": at(minutes=1), "score": 0.75, "symbol": "eth"},
        ],
    )
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    assert sorted(reader.table("gold_sentiment_1m").arrow().to_pylist(), key=lambda row: row["symbol"]) == [
        {
            "symbol": "btc",
            "bucket_time": NOON,
            "n_rows": 2,
            "score_sum": Decimal("-0.20000000000000000"),
            "score_min": -0.3,
            "score_max": 0.1,
            "n_positive": 1,
            "n_negative": 1,
            "origins": 3,
            "event_date": date(2026, 1, 10),
        },
        {
            "symbol": "eth",
            "bucket_time": at(minutes=1),
            "n_rows": 1,
            "score_sum": Decimal("0.75000000000000000"),
            "score_min": 0.75,
            "score_max": 0.75,
            "n_positive": 1,
            "n_negative": 0,
            "origins": 2,
            "event_date": date(2026, 1, 10),
        },
    ]


def test_partial_sum_of_prices_knows_the_place_of_its_first_and_last_price(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        price=[
            {"event_time": at(minutes=2), "price": 12.0, "base_volume": 0.5},
            {"event_time": at(minutes=1), "price": 11.0, "base_volume": None},
            {"event_time": at(minutes=2), "price": 10.0, "base_volume": 0.25, "kafka_partition": 1},
        ],
    )
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    assert reader.table("gold_price_1h").arrow().to_pylist() == [
        {
            "symbol": "btc",
            "venue": "simx",
            "quote": "usd",
            "bucket_time": NOON,
            "n_rows": 3,
            "open": 11.0,
            "open_time": at(minutes=1),
            "open_topic_id": "TopicPrice",
            "open_partition": 0,
            "open_offset": 1,
            "high": 12.0,
            "low": 10.0,
            "close": 10.0,
            "close_time": at(minutes=2),
            "close_topic_id": "TopicPrice",
            "close_partition": 1,
            "close_offset": 0,
            "volume_sum": 0.75,
            "origins": 2,
            "month_date": date(2026, 1, 1),
        }
    ]


def test_refresh_ends_at_golds_position_and_a_second_one_commits_nothing(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"kafka_partition": i % 2} for i in range(9)])
    builder.skip_offsets("gold_sentiment", 3)
    builder.append("gold_sentiment", [])
    reader = lake.open(str(tmp_path))
    first = {report.table: report for report in refresh_rollups(reader, offsets_per_commit=4)}
    second = refresh_rollups(reader)
    ends = {TopicPartition("TopicSentiment", 0): 8, TopicPartition("TopicSentiment", 1): 4}
    assert first["gold_sentiment_1h"].position == Position(ends)
    assert first["gold_sentiment_1h"].n_offsets == 12
    assert first["gold_sentiment_1h"].n_commits == 3
    assert reader.table("gold_sentiment_1h").position == Position(ends)
    assert [report.n_commits for report in second] == [0, 0, 0, 0]


def test_two_refreshers_at_once_count_each_row_once(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(seconds=i)} for i in range(60)])
    with ThreadPoolExecutor(4) as threads:
        readers = [lake.open(str(tmp_path)) for _ in range(4)]
        list(threads.map(lambda reader: refresh_rollups(reader, offsets_per_commit=9), readers))
    assert counts(lake.open(str(tmp_path))) == [(NOON_US, 60)]
    stored = lake.open(str(tmp_path)).table("gold_sentiment_1m").arrow()
    assert sum(stored["n_rows"].to_pylist()) == 60


def test_whole_buckets_need_no_row_before_the_rollups_position(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(seconds=i)} for i in range(3)])
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    late = builder.append("gold_sentiment", [{"event_time": at(seconds=4)}])
    gold_file(builder, late.version() - 1).unlink()
    assert counts(reader) == [(NOON_US, 4)]
    assert counts(reader, interval="1d") == [(NOON_US // DAY_US * DAY_US, 4)]


def test_refresh_reads_only_files_beyond_the_rollups_position(tmp_path: Path) -> None:
    """The partitions are skewed: the log's statistics alone cannot tell the old file from the new one."""
    builder = build_lake(tmp_path, sentiment=[{"kafka_partition": min(i, 1)} for i in range(20)])
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    new = builder.append("gold_sentiment", [{"kafka_partition": 0, "event_time": at(minutes=1)}])
    snapshot = reader.snapshot("gold_sentiment")["gold_sentiment"]
    every = snapshot.files.touching()
    beyond = reader.offsets.beyond(snapshot, reader.table("gold_sentiment_1m").position, every)
    assert snapshot.files.selected(beyond).paths == [str(gold_file(builder, new.version()))]
    gold_file(builder, new.version() - 1).unlink()
    refresh_rollups(reader)
    assert counts(reader) == [(NOON_US, 20), (NOON_US + MINUTE_US, 1)]


def test_file_of_a_recreated_topic_is_beyond_however_low_its_offsets(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(seconds=i)} for i in range(20)])
    refresh_rollups(lake.open(str(tmp_path)))
    builder.recreate_topic("gold_sentiment")
    builder.append("gold_sentiment", [{"event_time": at(seconds=30)}])
    reader = lake.open(str(tmp_path))
    assert counts(reader) == [(NOON_US, 21)]
    refresh_rollups(reader)
    assert counts(reader) == [(NOON_US, 21)]


def test_new_build_begins_without_the_old_builds_sums(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(seconds=i)} for i in range(3)])
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    builder.build = builder.catalog.next_build("rebuilt")
    builder.next_offsets.clear()
    builder.append("gold_sentiment", [{"event_time": at(seconds=1)}])
    builder.catalog.publish_build(builder.build)
    reader.current_build(refresh=True)
    assert counts(reader) == [(NOON_US, 1)]
    refresh_rollups(reader)
    assert counts(reader) == [(NOON_US, 1)]
    assert reader.table("gold_sentiment_1m").arrow()["n_rows"].to_pylist() == [1]


def test_lake_that_was_built_before_there_were_rollups_gets_them(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{}])
    catalogued = tmp_path / "_catalog" / "builds" / "000001.json"
    entry = json.loads(catalogued.read_text())
    entry["tables"] = {
        name: path for name, path in entry["tables"].items() if not name.endswith(("_1m", "_1h"))
    }
    catalogued.write_text(json.dumps(entry))
    reader = lake.open(str(tmp_path))
    assert counts(reader) == [(NOON_US, 1)]
    refresh_rollups(reader)
    assert reader.table("gold_sentiment_1m").position == reader.table("gold_sentiment").position
    assert counts(reader) == [(NOON_US, 1)]


def test_rollup_that_spares_little_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_sources, "MIN_ROLLUP_SPEEDUP", 2)
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    gold_file(builder, 1, "gold_sentiment_1m").unlink()
    assert counts(reader) == [(NOON_US + i * MINUTE_US, 1) for i in range(3)]


def test_table_and_page_name_gold_alone(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    reader = lake.open(str(tmp_path))
    refresh_rollups(reader)
    page = read_history(reader, question("sentiment", interval="1m", limit=1))
    assert list(page.snapshot.tables) == ["gold_sentiment"]
    assert page.next is not None
    assert list(page.next.positions) == ["gold_sentiment"]


@pytest.mark.parametrize(
    ("width_us", "table"),
    [
        (MINUTE_US, "gold_sentiment_1m"),
        (15 * MINUTE_US, "gold_sentiment_1m"),
        (HOUR_US, "gold_sentiment_1h"),
        (DAY_US, "gold_sentiment_1h"),
    ],
)
def test_coarsest_rollup_that_fits_is_taken(width_us: int, table: str) -> None:
    rollup = rollup_for(GOLD_SENTIMENT, width_us)
    assert rollup is not None
    assert rollup.table.name == table
