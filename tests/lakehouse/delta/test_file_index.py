from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import Field

from lakehouse import lake
from lakehouse.delta.commit import parse_commit
from lakehouse.delta.file_index import FileIndex
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.time_range import TimeRange, to_us
from tests.support.file_indexes import files_by_path
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

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


ADD = (
    b'{"add": {"path": "event_date=2026-01-10/a.parquet", "partitionValues": {"event_date": "2026-01-10"}, "size": 9,'
    b' "dataChange": true, "stats": "{\\"numRecords\\": 2, \\"minValues\\": {\\"symbol\\": \\"btc\\", \\"event_time\\":'
    b' \\"2026-01-10T12:00:00.001Z\\"}, \\"maxValues\\": {\\"symbol\\": \\"eth\\"}}"}}'
)


def grow(builder: LakeBuilder, step: int) -> None:
    if step == 3:
        builder.open("gold_sentiment").optimize.compact()
    builder.append(
        "gold_sentiment",
        [
            {"symbol": symbol, "event_time": NOON + timedelta(days=step % 2, microseconds=step * 1_500)}
            for symbol in ("btc", f"coin{step}")
        ],
    )


def test_index_that_follows_commits_is_the_one_that_the_log_gives(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    following = lake.open(str(tmp_path))
    index_of(following)
    for step in range(6):
        grow(builder, step)
        followed, listed = (
            reader.snapshot("gold_sentiment")["gold_sentiment"]
            for reader in (following, lake.open(str(tmp_path)))
        )
        assert files_by_path(followed.files) == files_by_path(listed.files)
        assert (followed.version, followed.position, followed.commit_time_us) == (
            listed.version,
            listed.position,
            listed.commit_time_us,
        )


def test_bounds_that_a_commit_does_not_tell_are_those_of_the_day(tmp_path: Path) -> None:
    commit = parse_commit(ADD)
    assert commit.is_plain
    build_lake(tmp_path)
    index = index_of(lake.open(str(tmp_path))).advanced(commit, GOLD_SENTIMENT, "/lake")
    lowest, highest = index.times["event_time"]
    assert index.paths.tolist() == ["/lake/event_date=2026-01-10/a.parquet"]
    assert (index.n_rows.tolist(), index.size_bytes.tolist()) == ([2], [9])
    assert (lowest.tolist(), highest.tolist()) == ([NOON_US + 1_000], [NOON_US + 12 * 3_600_000_000 - 1])
    assert index.select(symbol="dot").n_rows == 2


@pytest.mark.parametrize(
    "line",
    [
        b'{"metaData": {"id": "1"}}',
        b'{"protocol": {"minReaderVersion": 3}}',
        b'{"remove": {"path": "topic=a%2Fb/c.parquet"}}',
        ADD.replace(b"a.parquet", b"a%20b.parquet"),
        ADD.replace(b"numRecords", b"records"),
        ADD.replace(b'"size"', b'"deletionVector": {"storageType": "u"}, "size"'),
    ],
)
def test_commit_that_only_an_engine_should_read_is_left_to_it(line: bytes) -> None:
    assert not parse_commit(ADD + b"\n" + line).is_plain


def test_column_that_is_added_meanwhile_is_followed(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    reader = lake.open(str(tmp_path))
    version = reader.table("gold_sentiment").version
    builder.open("gold_sentiment").alter.add_columns([Field("later", "string")])
    assert reader.table("gold_sentiment").version == version + 1
    assert index_of(reader).n_files == 1


def test_commit_with_statistics_that_are_no_times_is_left_to_the_engine(tmp_path: Path) -> None:
    commit = parse_commit(ADD.replace(b"2026-01-10T12:00:00.001Z", b"noon"))
    assert commit.is_plain
    build_lake(tmp_path)
    with pytest.raises(ValueError, match="noon"):
        index_of(lake.open(str(tmp_path))).advanced(commit, GOLD_SENTIMENT, "/lake")
