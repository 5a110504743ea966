from datetime import timedelta
from pathlib import Path

from lakehouse import lake
from lakehouse.file_index import FileIndex
from lakehouse.lake import Lake
from lakehouse.time_range import TimeRange, to_us
from tests.lake_builder import NOON, build_lake

NOON_US = to_us(NOON)


def index_of(reader: Lake, name: str = "gold_sentiment") -> FileIndex:
    return reader.snapshot(name)[name].files


def test_files_outside_the_range_or_without_the_symbol_are_left_out(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    builder.append("gold_sentiment", [{"event_time": NOON + timedelta(hours=1)}])
    builder.append("gold_sentiment", [{"symbol": "eth"}])
    index = index_of(lake.open(str(tmp_path)))
    hour = TimeRange(NOON_US, NOON_US + 1)
    assert index.n_files == 3
    assert index.select(symbol="btc").n_rows == 2
    assert index.select(time_column="event_time", time_range=hour).n_rows == 2
    assert index.select(symbol="btc", time_column="event_time", time_range=hour).n_rows == 1
    assert index.select(symbol="aaa").paths == []


def test_event_within_the_last_logged_millisecond_is_found(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": NOON + timedelta(microseconds=999)}])
    index = index_of(lake.open(str(tmp_path)))
    exact = TimeRange(NOON_US + 999, NOON_US + 1000)
    assert index.select(time_column="event_time", time_range=exact).n_rows == 1


def test_prediction_is_pruned_by_its_target_time_too(tmp_path: Path) -> None:
    build_lake(tmp_path, prediction=[{"target_time": NOON + timedelta(days=30)}])
    index = index_of(lake.open(str(tmp_path)), "gold_prediction")
    later = TimeRange(NOON_US + 1_000, NOON_US + 40 * 86_400_000_000)
    assert index.select(time_column="target_time", time_range=later).n_rows == 1
    assert index.select(time_column="made_at", time_range=later).n_rows == 0


def test_table_without_files_selects_nothing(tmp_path: Path) -> None:
    build_lake(tmp_path)
    index = index_of(lake.open(str(tmp_path)))
    assert index.n_files == 0
    assert index.select(symbol="btc", time_column="event_time", time_range=TimeRange(0, NOON_US)).paths == []
    assert index.newest_us("event_time") is None


def test_newest_event_is_known_to_the_millisecond(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": NOON + timedelta(microseconds=1_500)}, {}])
    assert index_of(lake.open(str(tmp_path))).newest_us("event_time") == NOON_US + 1_000
