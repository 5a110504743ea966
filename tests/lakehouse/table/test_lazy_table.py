import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lakehouse import lake
from lakehouse.delta.position import Position
from lakehouse.errors import MissingPackageError, QueryError, VersionGoneError
from lakehouse.schema.spec import Column
from lakehouse.schema.tables import GOLD_SENTIMENT, TABLES
from tests.support.lake_builder import NOON, LakeBuilder, build_lake

NAME = GOLD_SENTIMENT.name
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def builder(tmp_path: Path) -> LakeBuilder:
    """Two symbols on three days, a file for each."""
    builder = build_lake(tmp_path / "lake")
    for day in range(3):
        for number, symbol in enumerate(("btc", "eth")):
            time = NOON + day * DAY
            builder.append(NAME, [{"symbol": symbol, "event_time": time, "score": day / 10 + number}])
    return builder


def opened(builder: LakeBuilder) -> lake.Lake:
    return lake.open(str(builder.path))


def scores(rows: pa.Table) -> list[Any]:
    return rows["score"].to_pylist()


def test_symbol_and_range_are_read_from_the_files_that_may_hold_them(builder: LakeBuilder) -> None:
    table = opened(builder).table(NAME)
    assert len(table.files) == 6
    asked = table.where(symbol="BTC", start="2026-01-10", end="2026-01-11T12:00:00Z")
    assert len(asked.files) == 1
    assert scores(asked.arrow()) == [0.0]
    assert asked.duckdb().count("*").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("start", "n_rows"),
    [
        (date(2026, 1, 11), 4),
        (datetime(2026, 1, 11, 12, tzinfo=UTC), 4),
        (datetime(2026, 1, 11, 12, 0, 0, 1, tzinfo=UTC), 2),
        ("2026-01-11T14:00:00+02:00", 4),
        ("2026-01-11T12:00:00", 4),
    ],
)
def test_instants_are_taken_as_people_have_them(builder: LakeBuilder, start: Any, n_rows: int) -> None:
    assert opened(builder).table(NAME).where(start=start).arrow().num_rows == n_rows


def test_rows_come_in_the_order_of_symbol_and_time_whatever_is_selected(builder: LakeBuilder) -> None:
    builder.append(NAME, [{"symbol": "btc", "event_time": NOON - HOUR, "score": -1.0}])
    rows = opened(builder).table(NAME).select("score").arrow()
    assert rows.schema.names == ["score"]
    assert scores(rows) == [-1.0, 0.0, 0.1, 0.2, 1.0, 1.1, 1.2]


def test_wheres_narrow_each_other_and_leave_the_table_they_came_from(builder: LakeBuilder) -> None:
    table = opened(builder).table(NAME)
    later = table.where(symbol=["btc", "eth"], start=NOON + HOUR)
    assert scores(later.where(symbol="btc", end=NOON + 2 * DAY).arrow()) == [0.1]
    assert later.where(symbol="sol").where(symbol="btc").arrow().num_rows == 0
    assert later.where(end=NOON).duckdb().fetchall() == []
    assert table.arrow().num_rows == 6


def test_values_are_compared_not_interpreted(builder: LakeBuilder) -> None:
    builder.append(NAME, [{"source": "it's; DROP TABLE x --", "score": 0.9}])
    table = opened(builder).table(NAME)
    assert scores(table.where(source="it's; DROP TABLE x --").arrow()) == [0.9]
    assert table.where(source="' OR 1=1 --").arrow().num_rows == 0


@pytest.mark.parametrize(
    ("question", "named"),
    [
        (lambda table: table.where(symbl="btc"), "symbol"),
        (lambda table: table.select("score", "scor"), "no scor;"),
        (lambda table: table.where(start="yesterday"), "2026-01-31T09:30:00Z"),
        (lambda table: table.where(start=datetime(2026, 1, 1)), "no zone"),  # noqa: DTZ001
        (lambda table: table.where(start=NOON, end=NOON - HOUR), "after the end"),
        (lambda table: table.where(on="score", start=NOON), "event_time"),
        (lambda table: table.where(source=None), "null"),
        (lambda table: table.changes(99), "up to 7"),
        (lambda table: table.changes(Position.from_json({"TopicPrice": [1]})), "other topics"),
    ],
)
def test_question_that_cannot_be_answered_says_what_can(
    builder: LakeBuilder, question: Any, named: str
) -> None:
    with pytest.raises(QueryError, match=named):
        question(opened(builder).table(NAME))


def test_version_and_instant_pin_the_table_as_it_stood(builder: LakeBuilder) -> None:
    reader = opened(builder)
    between = reader.table(NAME).history()["commit_time"].to_pylist()[2]
    assert reader.table(NAME, version=3).arrow().num_rows == 2
    assert reader.table(NAME, version=3).where(symbol="eth").version == 3
    assert reader.table(NAME, as_of=between).arrow().num_rows == 4 + _ties(reader, between)
    with pytest.raises(QueryError, match="one of the two"):
        reader.table(NAME, version=1, as_of=between)


def _ties(reader: lake.Lake, instant: datetime) -> int:
    """Count commits of the same millisecond."""
    return sum(time == instant for time in reader.table(NAME).history()["commit_time"].to_pylist()[:2])


def test_what_was_before_the_lake_or_is_gone_is_said_with_what_there_is(builder: LakeBuilder) -> None:
    reader = opened(builder)
    with pytest.raises(VersionGoneError, match="and later"):
        reader.table(NAME, as_of="2001-01-01")
    with pytest.raises(QueryError, match="up to 7"):
        reader.table(NAME, version=8)
    old = reader.table(NAME, version=2)
    table = builder.open(NAME)
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    builder.append(NAME, [{"event_time": NOON}, {"event_time": NOON}])
    for path in old.files:
        Path(path).unlink(missing_ok=True)
    with pytest.raises(VersionGoneError, match="version 2"):
        old.arrow()
    assert reader.table(NAME).arrow().num_rows == 8


def test_changes_are_the_rows_taken_in_since_each_once_across_compaction_and_rebuild(
    builder: LakeBuilder,
) -> None:
    reader = opened(builder)
    position = reader.table(NAME).position
    version = reader.table(NAME).version
    builder.append(NAME, [{"score": 0.7}, {"symbol": "eth", "score": 0.8}])
    assert scores(reader.table(NAME).changes(version).arrow()) == [0.7, 0.8]
    assert len(reader.table(NAME).changes(version).files) == 1
    builder.open(NAME).optimize.compact()
    changes = reader.table(NAME).changes(position)
    assert scores(changes.arrow()) == [0.7, 0.8]
    assert scores(changes.where(symbol="eth").select("score").arrow()) == [0.8]
    assert reader.table(NAME).changes(reader.table(NAME).position).arrow().num_rows == 0
    builder.recreate_topic(NAME)
    builder.append(NAME, [{"score": 0.9}])
    assert scores(reader.table(NAME).changes(position).arrow()) == [0.7, 0.9, 0.8]
    assert reader.table(NAME).changes(Position()).arrow().num_rows == 9


def test_changes_of_a_table_without_the_order_of_messages_are_refused(builder: LakeBuilder) -> None:
    with pytest.raises(QueryError, match="gold_sentiment"):
        opened(builder).table("gold_score").changes(0)


def test_history_tells_appends_from_compactions(builder: LakeBuilder) -> None:
    builder.append(NAME, [{}, {}])
    builder.open(NAME).optimize.compact()
    newest, before, *_ = opened(builder).table(NAME).history(3).to_pylist()
    assert (newest["operation"], newest["changes_rows"], newest["n_files_removed"]) == ("OPTIMIZE", False, 7)
    assert (before["operation"], before["changes_rows"], before["n_rows_added"]) == ("WRITE", True, 2)
    assert before["commit_time"].tzinfo is not None
    assert opened(builder).table(NAME, version=2).history()["version"].to_pylist() == [2, 1, 0]


def test_connection_has_every_table_as_a_view_of_one_moment(builder: LakeBuilder) -> None:
    reader = opened(builder)
    connection = reader.connect()
    builder.append(NAME, [{}])
    names = {name for (name,) in connection.sql("SHOW TABLES").fetchall()}
    assert names == {"gold_sentiment", "gold_prediction", "gold_price", "gold_news"}
    assert connection.sql("SELECT count(*) FROM gold_sentiment").fetchall() == [(6,)]
    assert connection.sql("SELECT count(*) FROM gold_price").fetchall() == [(0,)]
    assert reader.connect().sql("SELECT count(*) FROM gold_sentiment").fetchall() == [(7,)]
    with pytest.raises(VersionGoneError):
        reader.connect(as_of="2001-01-01")
    now = datetime.now(UTC) + HOUR
    assert reader.connect(as_of=now).sql("SELECT count(*) FROM gold_sentiment").fetchall() == [(7,)]


def test_column_that_files_are_older_than_is_null_and_can_be_asked_for(
    builder: LakeBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (*GOLD_SENTIMENT.columns, Column("emoji", "string", "a face"))
    monkeypatch.setitem(TABLES, NAME, replace(GOLD_SENTIMENT, columns=columns))  # type: ignore[index]
    rows = opened(builder).table(NAME).select("emoji", "event_date").where(symbol="btc").arrow()
    assert rows["emoji"].to_pylist() == [None, None, None]
    assert rows["event_date"].to_pylist()[0] == date(2026, 1, 10)


def test_frames_of_every_kind_hold_the_same_rows(builder: LakeBuilder) -> None:
    pytest.importorskip("polars")
    table = opened(builder).table(NAME).where(symbol="eth").select("event_time", "score")
    times = [NOON, NOON + DAY, NOON + 2 * DAY]
    assert table.arrow()["event_time"].to_pylist() == times
    assert table.polars()["event_time"].to_list() == times
    assert [time.to_pydatetime() for time in table.pandas()["event_time"]] == times
    assert sorted(time for time, _ in table.duckdb().fetchall()) == times


def test_package_that_is_not_installed_is_named_with_what_installs_it(
    builder: LakeBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingPackageError, match="make notebook"):
        opened(builder).table(NAME).polars()


def test_table_of_the_settings_lake(builder: LakeBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTOVIZ_LAKE_URI", str(builder.path))
    assert lake.table(NAME).where(symbol="btc").arrow().num_rows == 3
    assert lake.table(NAME, version=2).arrow().num_rows == 1
    assert lake.connect().sql("SELECT count(*) FROM gold_sentiment").fetchall() == [(6,)]


@pytest.mark.lake
def test_import_brings_no_frame_library_no_plotting_and_no_jvm() -> None:
    heavy = ("pandas", "polars", "matplotlib", "pyspark", "delta", "scipy", "django", "kafka")
    code = f"import sys; from lakehouse import lake; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "values",
    [
        lambda frame: frame["symbol"],
        lambda frame: frame["symbol"].unique(),
        lambda frame: frame["symbol"].astype("category"),
        lambda frame: pa.array(frame["symbol"]),
        lambda frame: (symbol for symbol in frame["symbol"]),
        lambda frame: {symbol.upper(): 1 for symbol in frame["symbol"]},
    ],
)
def test_values_of_an_answer_ask_the_next_question(builder: LakeBuilder, values: Any) -> None:
    table = opened(builder).table(NAME)
    frame = table.where(symbol="eth").pandas()
    asked = table.where(symbol=values(frame), event_time=frame["event_time"], score=frame["score"].to_numpy())
    assert len(asked.files) == 3
    assert scores(asked.arrow()) == [1.0, 1.1, 1.2]
    assert asked.duckdb().count("*").fetchall() == [(3,)]
    assert table.where(event_date=frame["event_date"], start=frame["event_time"].max()).pandas()[
        "score"
    ].tolist() == [
        0.2,
        1.2,
    ]


def test_names_and_numbers_are_taken_from_any_library(builder: LakeBuilder) -> None:
    table = opened(builder).table(NAME, version=np.int64(3))
    assert table.select(table.pandas().columns[:2], "score").arrow().schema.names == [
        "symbol",
        "event_time",
        "score",
    ]
    assert table.preview(np.int32(1)).num_rows == 1
    assert table.history(np.int16(2))["version"].to_pylist() == [3, 2]
    assert table.changes(np.int64(2)).arrow().num_rows == 1
    for asked in (lambda: table.preview(-1), lambda: table.history(0.5), lambda: table.select([["score"]])):  # type: ignore[arg-type, list-item]
        with pytest.raises(QueryError):
            asked()
