"""Rows from row groups: only those that may hold what is wanted are read, and nothing that is wanted is missed."""

import random
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compaction.rewriting import sorted_file
from compaction.rewriting.compact import compact_lake
from lakehouse import lake
from lakehouse.cache.block import Layout, to_blocks
from lakehouse.cache.encoder import DictionaryEncoder
from lakehouse.engine.row_groups import RowSelection, find_row_groups, read_row_groups, to_schema
from lakehouse.errors import FileGoneError
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.definitions import SENTIMENT
from lakehouse.time_range import DAY_US, TimeRange
from tests.support.history_queries import DAY_START, pages, question
from tests.support.lake_builder import build_lake
from tests.support.profiles import sized

TIMES = pa.timestamp("us", tz="UTC")


def selection(symbol: str | None, start_us: int, end_us: int, *names: str) -> RowSelection:
    schema = to_schema(
        GOLD_SENTIMENT.to_arrow_schema(), ["symbol", "event_time", *names], coded={"symbol", "label"}
    )
    return RowSelection(
        symbol=symbol, time_column="event_time", time_range=TimeRange(start_us, end_us), schema=schema
    )


def write(path: Path, symbols: list[str], times_us: list[int], *, group_rows: int, **more: pa.Array) -> str:
    rows = pa.table({"symbol": symbols, "event_time": pa.array(times_us, TIMES), **more})
    pq.write_table(rows, path / "rows.parquet", row_group_size=group_rows)
    return str(path / "rows.parquet")


def test_only_row_groups_whose_symbol_and_time_may_fit_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, ["a", "a", "b", "b", "b", "c"], [1, 2, 1, 5, 6, 1], group_rows=2)
    groups = find_row_groups([path], selection("b", 5, 9))
    assert [(group.number, group.lowest_us, group.highest_us) for group in groups] == [(1, 1, 5), (2, 1, 6)]
    assert read_row_groups(groups, selection("b", 5, 9))["event_time"].cast(pa.int64()).to_pylist() == [5, 6]
    assert find_row_groups([path], selection("d", 0, 9)) == []
    assert find_row_groups([path], selection("b", 7, 9)) == []


def test_rows_of_any_order_are_found(tmp_path: Path) -> None:
    path = write(tmp_path, ["b", "a", "b", "a"], [4, 3, 2, 1], group_rows=4)
    rows = read_row_groups(find_row_groups([path], selection("b", 0, 9)), selection("b", 0, 9))
    assert rows["event_time"].cast(pa.int64()).to_pylist() == [4, 2]


def test_times_without_statistics_or_of_another_unit_prune_nothing(tmp_path: Path) -> None:
    rows = pa.table({"symbol": ["a", "a"], "event_time": pa.array([1, 2], pa.timestamp("ns", tz="UTC"))})
    for name, how in {"ns": {}, "int96": {"use_deprecated_int96_timestamps": True}}.items():
        pq.write_table(rows, tmp_path / name, **how)
    at_0 = selection("a", 0, 1)
    groups = find_row_groups([str(tmp_path / "ns"), str(tmp_path / "int96")], at_0)
    assert len(groups) == 2
    assert read_row_groups(groups, at_0)["event_time"].cast(pa.int64()).to_pylist() == [0, 0, 0, 0]


def test_column_that_a_file_lacks_and_null_codes_stay_null(tmp_path: Path) -> None:
    path = write(tmp_path, ["a", "a"], [1, 2], group_rows=2, label=pa.array([None, "positive"]))
    asked = selection("a", 0, 9, "label", "score")
    rows = read_row_groups(find_row_groups([path], asked), asked)
    assert rows["score"].to_pylist() == [None, None]
    lexicon = DictionaryEncoder()
    codes = lexicon.encode("label", rows["label"].combine_chunks())
    assert lexicon.decode("label", codes) == [None, "positive"]


def test_file_that_was_vacuumed_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(FileGoneError):
        find_row_groups([str(tmp_path / "gone.parquet")], selection(None, 0, 9))


def test_blocks_do_not_hold_on_to_rows_that_are_not_theirs(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"symbol": "a", "title": "t" * 100_000}, {"symbol": "b"}])
    snapshot = lake.open(str(tmp_path)).snapshot("gold_sentiment")["gold_sentiment"]
    layout = Layout.of(SENTIMENT)
    day_us = int(DAY_START.timestamp()) * 1_000_000
    everything = RowSelection(
        symbol=None,
        time_column="event_time",
        time_range=TimeRange(day_us, day_us + DAY_US),
        schema=layout.read_schema(GOLD_SENTIMENT, with_text=True),
    )
    rows = read_row_groups(find_row_groups(snapshot.files.paths.tolist(), everything), everything)
    blocks = dict(to_blocks(rows, layout, DictionaryEncoder(), with_text=True))
    held = (blocks["b", day_us // DAY_US].text or {})["title"]
    assert builder.next_offsets["gold_sentiment", 0] == 2
    assert sum(buffer.size for buffer in held.buffers() if buffer is not None) < 1_000


@pytest.mark.parametrize("seed", range(sized(quick=3, full=6, soak=200)))
def test_newest_rows_of_days_that_are_not_held_are_those_of_the_files(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(sorted_file, "ROW_GROUP_ROWS", 6)
    monkeypatch.setattr(sorted_file, "MIN_ROW_GROUP_ROWS", 3)
    builder = build_lake(tmp_path)
    for _ in range(3):
        rows = [
            {
                "symbol": chance.choice(["btc", "btc", "eth", "sol"]),
                "event_time": DAY_START + timedelta(minutes=chance.randrange(2 * 1440)),
                "kafka_partition": chance.randrange(2),
                "score": chance.random(),
            }
            for _ in range(chance.randrange(60))
        ]
        builder.append("gold_sentiment", rows)
        if chance.random() < 0.7:
            compact_lake(builder.location, wait_for_late_rows=False)
    files = lake.open(str(tmp_path))
    for _ in range(20):
        start = DAY_START + timedelta(minutes=chance.randrange(1440))
        asked = question(
            "sentiment",
            start=start,
            end=start + timedelta(minutes=chance.randrange(1, 1500)),
            limit=chance.randrange(1, 20),
            symbol=chance.choice(["btc", "eth", "none"]),
        )
        columns = lake.open(str(tmp_path), columns_budget_bytes=10**8)
        found, expected = list(pages(columns, asked)), list(pages(files, asked))
        assert [page.rows for page in found] == [page.rows for page in expected]
        assert [page.next for page in found] == [page.next for page in expected]
