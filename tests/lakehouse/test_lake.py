import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse import lake
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.delta.table import append
from lakehouse.errors import LakeNotFoundError, QueryError
from lakehouse.history.page import read_history
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.snapshots import pinned as snapshot
from tests.support.history_queries import question
from tests.support.lake_builder import NOON, LakeBuilder, build_lake
from tests.support.profiles import sized


def test_table_is_read_in_three_lines(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"score": 0.25}])
    table = lake.open(str(tmp_path)).table("gold_sentiment")
    rows = table.arrow()
    assert rows.column("score").to_pylist() == [0.25]
    assert rows.column("event_time").to_pylist() == [NOON]
    assert set(rows.column_names) == set(GOLD_SENTIMENT.column_names)
    assert table.preview().num_rows == 1
    assert table.version == 1
    assert table.position == Position.from_json({"TopicSentiment": [1]})
    assert table.duckdb().count("*").fetchall() == [(1,)]


def test_empty_table_has_its_columns(tmp_path: Path) -> None:
    build_lake(tmp_path)
    table = lake.open(str(tmp_path)).table("gold_sentiment")
    assert table.arrow().schema.names == list(GOLD_SENTIMENT.column_names)
    assert table.duckdb().columns == list(GOLD_SENTIMENT.column_names)


def test_opening_looks_at_nothing(tmp_path: Path) -> None:
    lake.open(str(tmp_path / "none")).table("gold_sentiment")
    assert not (tmp_path / "none").exists()


def test_name_that_no_table_has_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="gold_sentiment"):
        lake.open(str(tmp_path)).table("gold_sentimant")


def test_snapshot_stays_as_it_was_pinned(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    reader = lake.open(str(tmp_path))
    before = reader.snapshot("gold_sentiment")["gold_sentiment"]
    builder.append("gold_sentiment", [{}, {}])
    after = reader.snapshot("gold_sentiment")["gold_sentiment"]
    assert (before.version, before.position.to_json()) == (1, {"TopicSentiment": [1]})
    assert (after.version, after.position.to_json()) == (2, {"TopicSentiment": [3]})


def test_reader_that_slept_while_the_next_commit_was_cleaned_up_sees_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    reader = lake.open(str(tmp_path))
    version = reader.table("gold_sentiment").version
    builder.append("gold_sentiment", [{"score": 0.2}])
    builder.append("gold_sentiment", [{"score": 0.3}])
    builder.open("gold_sentiment").create_checkpoint()
    log = builder.catalog.table_location("gold_sentiment", builder.build).to_path() / "_delta_log"
    for cleaned in range(version + 2):
        (log / f"{cleaned:020d}.json").unlink()
    monkeypatch.setattr(snapshot, "LISTING_SECONDS", 0.0)
    assert reader.table("gold_sentiment").version == version + 2
    assert reader.table("gold_sentiment").position.to_json() == {"TopicSentiment": [3]}


def test_topic_that_was_registered_later_is_in_the_position(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    reader = lake.open(str(tmp_path))
    reader.snapshot("gold_sentiment")
    builder.catalog.register_topic(topic="analyzed-sentiment", topic_id="Recreated")
    table = builder.open("gold_sentiment")
    no_rows = GOLD_SENTIMENT.to_arrow_schema().empty_table()
    recreated = TopicPartition("Recreated", 0)
    append(table, GOLD_SENTIMENT, no_rows, expected={recreated: None}, advanced={recreated: 0})
    position = reader.snapshot("gold_sentiment")["gold_sentiment"].position
    assert position.to_json() == {"Recreated": [0], "TopicSentiment": [1]}


def test_optional_table_may_be_absent(tmp_path: Path) -> None:
    builder = LakeBuilder(tmp_path)
    builder.append("gold_prediction", [{}])
    reader = lake.open(str(tmp_path))
    snapshot = reader.snapshot("gold_prediction", optional=("gold_price",))
    assert set(snapshot.tables) == {"gold_prediction"}
    with pytest.raises(LakeNotFoundError, match="gold_price"):
        reader.snapshot("gold_price")


def test_published_build_is_served_and_an_unpublished_one_is_not(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    reader = lake.open(str(tmp_path))
    builder.build = builder.catalog.next_build("rebuilt")
    builder.next_offsets.clear()
    builder.append("gold_sentiment", [{"score": 0.2}])
    old = reader.table("gold_sentiment").arrow().column("score").to_pylist()
    builder.catalog.publish_build(builder.build)
    reader.current_build(refresh=True)
    new = reader.table("gold_sentiment").arrow().column("score").to_pylist()
    assert (old, new) == ([0.1], [0.2])


def test_threads_read_while_a_writer_appends_and_compacts(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{}])
    reader = lake.open(str(tmp_path))
    stop = threading.Event()

    def read() -> list[int]:
        counts = []
        while not stop.is_set():
            counts.append(len(read_history(reader, question("sentiment")).rows))
        return counts

    n_readers, n_appends = sized(quick=2, full=4, soak=8), sized(quick=8, full=12, soak=100)
    with ThreadPoolExecutor(n_readers) as pool:
        readers = [pool.submit(read) for _ in range(n_readers)]
        for i in range(n_appends):
            table = builder.append("gold_sentiment", [{"event_time": NOON + timedelta(seconds=i)}])
            if i % 4 == 3:
                table.optimize.compact()
                table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        stop.set()
    for counts in (future.result() for future in readers):
        assert counts == sorted(counts)
    assert len(read_history(reader, question("sentiment")).rows) == 1 + n_appends


@pytest.mark.parametrize("folder", ["un lac", "été", "a+b", "it's"])
def test_lake_may_lie_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    build_lake(tmp_path / folder, sentiment=[{}])
    assert lake.open(str(tmp_path / folder)).table("gold_sentiment").arrow().num_rows == 1
