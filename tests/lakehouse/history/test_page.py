import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from lakehouse import lake
from lakehouse.errors import BehindError, LakeNotFoundError, QueryError, VersionGoneError
from lakehouse.history.page import read_history
from lakehouse.schema.tables import GOLD_SENTIMENT, TABLES
from lakehouse.series.markets import Market
from lakehouse.time_range import to_us
from tests.support.history_queries import DAY_END, DAY_START, pages, points, question
from tests.support.lake_builder import NOON, LakeBuilder, at, build_lake

NOON_US = to_us(NOON)


def test_sentiment_bucket_counts_and_averages_its_events(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        sentiment=[
            {"event_time": at(), "score": 0.5, "label": "positive"},
            {
                "event_time": at(seconds=299.999999),
                "score": -0.25,
                "label": "negative",
                "origin": "collected",
            },
            {"event_time": at(minutes=5), "score": 0.0, "label": "neutral"},
            {"event_time": at(), "score": 1.0, "symbol": "eth"},
        ],
    )
    page = read_history(lake.open(str(tmp_path)), question("sentiment", interval="5m"))
    assert page.columns == (
        "event_time",
        "count",
        "mean",
        "min",
        "max",
        "positive",
        "negative",
        "origins",
        "complete",
        "filled",
    )
    assert page.rows == [
        (NOON_US, 2, 0.125, -0.25, 0.5, 1, 1, 3, True, False),
        (NOON_US + 300_000_000, 1, 0.0, 0.0, 0.0, 0, 0, 2, True, False),
    ]


def test_what_was_not_scored_is_in_no_bucket_and_has_no_score_of_its_own(tmp_path: Path) -> None:
    unscored = {"score": None, "label": "unscored"}
    build_lake(
        tmp_path,
        sentiment=[
            {"event_time": at(), "score": 0.5},
            {"event_time": at(seconds=1)} | unscored,
            {"event_time": at(minutes=5)} | unscored,
        ],
    )
    reader = lake.open(str(tmp_path))

    buckets = read_history(reader, question("sentiment", interval="5m"))
    rows = read_history(reader, question("sentiment"))

    assert points(buckets, "event_time", "count", "mean", "min", "max") == [(NOON_US, 1, 0.5, 0.5, 0.5)]
    assert points(rows, "score") == [(0.5,), (None,), (None,)]


def test_range_takes_its_start_and_leaves_its_end(tmp_path: Path) -> None:
    build_lake(
        tmp_path, sentiment=[{"event_time": DAY_START, "score": 0.1}, {"event_time": DAY_END, "score": 0.2}]
    )
    page = read_history(lake.open(str(tmp_path)), question("sentiment"))
    assert points(page, "score") == [(0.1,)]


def test_price_bucket_is_of_the_primary_market_alone(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        price=[
            {"event_time": at(seconds=2), "venue": "kraken", "price": 11.0, "base_volume": 2.0},
            {"event_time": at(seconds=1), "venue": "kraken", "price": 10.0, "base_volume": 0.5},
            {"event_time": at(seconds=3), "venue": "kraken", "price": 9.0, "base_volume": None},
            {"event_time": at(seconds=3), "venue": "kraken", "price": 10.5, "base_volume": 1.0},
            {"event_time": at(seconds=4), "venue": "simx", "price": 999.0},
        ],
    )
    page = read_history(lake.open(str(tmp_path)), question("price", interval="1m"))
    assert page.market == Market("kraken", "usd")
    assert page.columns == (
        "event_time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "count",
        "origins",
        "venue",
        "quote",
        "complete",
        "filled",
    )
    assert page.rows == [(NOON_US, 10.0, 11.0, 9.0, 10.5, 3.5, 4, 2, "kraken", "usd", True, False)]


def test_prediction_shows_the_last_price_at_or_before_its_target(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        prediction=[
            {"made_at": at(), "target_time": at(minutes=10), "predicted_price": 1.0},
            {"made_at": at(seconds=1), "target_time": at(minutes=20), "predicted_price": 2.0},
            {"made_at": at(seconds=2), "target_time": at(minutes=32, microseconds=1), "predicted_price": 3.0},
            {"made_at": at(seconds=3), "target_time": at(minutes=40), "predicted_price": 4.0},
        ],
        price=[
            {"event_time": at(minutes=9, seconds=50), "price": 100.0},
            {"event_time": at(minutes=10), "price": 101.0},
            {"event_time": at(minutes=10, microseconds=1), "price": 102.0},
            {"event_time": at(minutes=18), "price": 103.0},
            {"event_time": at(minutes=19), "price": 1.0, "venue": "other"},
            {"event_time": at(minutes=30), "price": 104.0},
            {"event_time": at(minutes=39), "price": 105.0},
        ],
    )
    page = read_history(lake.open(str(tmp_path)), question("prediction"))
    assert points(page, "predicted_price", "realised_price") == [
        (1.0, 101.0),  # the very instant counts
        (2.0, 103.0),  # two minutes old is young enough
        (3.0, None),  # a microsecond more is not
        (4.0, None),  # the market has not come so far
    ]


def test_predictions_are_filtered_by_model_and_horizon_and_ranged_on_either_time(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        prediction=[
            {
                "made_at": at(),
                "target_time": at(hours=24),
                "horizon": "24h",
                "model": "a",
                "predicted_price": 1.0,
            },
            {
                "made_at": at(),
                "target_time": at(hours=1),
                "horizon": "1h",
                "model": "a",
                "predicted_price": 2.0,
            },
            {
                "made_at": at(),
                "target_time": at(hours=1),
                "horizon": "1h",
                "model": "b",
                "predicted_price": 3.0,
            },
        ],
    )
    reader = lake.open(str(tmp_path))
    of_a = read_history(reader, question("prediction", model="a"))
    of_1h = read_history(reader, question("prediction", horizon="1h"))
    on_target = read_history(reader, question("prediction", axis="target_time"))
    assert points(of_a, "predicted_price") == [(1.0,), (2.0,)]
    assert points(of_1h, "predicted_price") == [(2.0,), (3.0,)]
    assert points(on_target, "predicted_price") == [(2.0,), (3.0,)]


def test_page_is_the_newest_points_in_ascending_time(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i), "score": i / 10} for i in (3, 1, 2, 0)])
    newest, older = pages(lake.open(str(tmp_path)), question("sentiment", limit=2))
    assert points(newest, "score") == [(0.2,), (0.3,)]
    assert points(older, "score") == [(0.0,), (0.1,)]
    assert older.next is None


def test_rows_of_one_instant_paginate_without_loss_or_repeat(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"kafka_partition": i % 3, "message_id": f"m{i}"} for i in range(10)])
    answered = [
        points(page, "message_id") for page in pages(lake.open(str(tmp_path)), question("sentiment", limit=3))
    ]
    assert [len(page) for page in answered] == [3, 3, 3, 1]
    assert sorted(row for page in answered for row in page) == sorted((f"m{i}",) for i in range(10))


def test_pages_of_a_cursor_stay_one_series_while_the_table_changes(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for i in range(6):
        builder.append("gold_sentiment", [{"event_time": at(minutes=i), "score": i / 10}])
    reader = lake.open(str(tmp_path))
    first = read_history(reader, question("sentiment", limit=2))
    late = {"event_time": at(minutes=2, seconds=30), "score": -1.0}
    table = builder.append("gold_sentiment", [late, late])
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    following = [
        points(page, "score") for page in pages(reader, question("sentiment", limit=2, cursor=first.next))
    ]
    assert points(first, "score") == [(0.4,), (0.5,)]
    assert following == [[(0.2,), (0.3,)], [(0.0,), (0.1,)]]


def test_buckets_of_a_cursor_stay_one_series_while_the_table_changes(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(4)])
    reader = lake.open(str(tmp_path))
    first = read_history(reader, question("sentiment", interval="1m", limit=2))
    builder.append("gold_sentiment", [{"event_time": at(minutes=i)} for i in range(4)])
    second = read_history(reader, question("sentiment", interval="1m", limit=2, cursor=first.next))
    assert points(second, "event_time", "count") == [(NOON_US, 1), (NOON_US + 60_000_000, 1)]


def test_reader_that_held_vacuumed_files_answers_from_a_fresh_snapshot(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    for i in range(3):
        builder.append("gold_sentiment", [{"event_time": at(minutes=i)}])
    reader = lake.open(str(tmp_path))
    stale = reader.snapshot("gold_sentiment")
    table = builder.open("gold_sentiment")
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    pins = iter([stale])
    n_rows = reader.read(
        lambda: next(pins, None) or reader.snapshot("gold_sentiment"),
        lambda snapshot: reader.session.fetch_rows(
            "SELECT count(*) FROM {rows}",
            snapshot["gold_sentiment"].files.paths.tolist(),
            spec=GOLD_SENTIMENT,
        ),
    )
    assert n_rows == [(3,)]


def test_process_that_is_behind_a_cursor_says_so(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    reader = lake.open(str(tmp_path))
    cursor = read_history(reader, question("sentiment", limit=1)).next
    assert cursor is not None
    ahead = structs.replace(cursor, positions={"gold_sentiment": {"TopicSentiment": [99]}})
    with pytest.raises(BehindError, match="gold_sentiment"):
        read_history(reader, question("sentiment", cursor=ahead), wait_seconds=0)


def test_cursor_of_another_build_is_gone(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": at(minutes=i)} for i in range(3)])
    reader = lake.open(str(tmp_path))
    cursor = read_history(reader, question("sentiment", limit=1)).next
    builder.build = builder.catalog.next_build("rebuilt")
    builder.next_offsets.clear()
    for name in ("gold_sentiment", "gold_prediction", "gold_price"):
        builder.append(name, [])
    builder.catalog.publish_build(builder.build)
    reader.current_build(refresh=True)
    with pytest.raises(VersionGoneError, match="build"):
        read_history(reader, question("sentiment", cursor=cursor))


def test_symbol_without_rows_has_no_points(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{}])
    reader = lake.open(str(tmp_path))
    for series in ("sentiment", "prediction", "price"):
        assert read_history(reader, question(series, symbol="zzz")).rows == []


def test_lake_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(LakeNotFoundError, match="lake does not exist"):
        read_history(lake.open(str(tmp_path / "none")), question("sentiment"))


def test_table_that_does_not_exist_yet_is_named(tmp_path: Path) -> None:
    LakeBuilder(tmp_path)
    with pytest.raises(LakeNotFoundError, match="gold_sentiment"):
        read_history(lake.open(str(tmp_path)), question("sentiment"))


def test_too_many_buckets_name_an_interval_that_fits(tmp_path: Path) -> None:
    build_lake(tmp_path)
    year = question("sentiment", start=DAY_END - timedelta(days=365), interval="1m")
    with pytest.raises(QueryError, match="15m or wider"):
        read_history(lake.open(str(tmp_path)), year)


def test_long_range_is_walked_back_to_the_newest_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.history.file_sources.ROWS_OF_ONE_SCAN", 0)
    build_lake(tmp_path, sentiment=[{"event_time": at(minutes=-7 * i), "score": -i / 100} for i in range(90)])
    reader = lake.open(str(tmp_path))
    for interval, limit in (("raw", 7), ("raw", 200), ("5m", 3), ("5m", 1000)):
        walked = [
            row
            for page in pages(reader, question("sentiment", interval=interval, limit=limit))
            for row in page.rows
        ]
        assert len(walked) == 90


def test_column_that_a_table_gained_needs_no_rewrite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(column for column in GOLD_SENTIMENT.columns if column.name not in ("language", "terms"))
    monkeypatch.setitem(TABLES, "gold_sentiment", dataclasses.replace(GOLD_SENTIMENT, columns=columns))  # type: ignore[arg-type]
    builder = build_lake(tmp_path, sentiment=[{}])
    monkeypatch.undo()
    builder.append("gold_sentiment", [])  # adds the columns
    reader = lake.open(str(tmp_path))
    before = read_history(reader, question("sentiment"))
    rows = reader.table("gold_sentiment").arrow()
    builder.append("gold_sentiment", [{"event_time": at(minutes=1), "language": "en"}])
    after = read_history(reader, question("sentiment"))
    assert points(before, "language", "terms") == [(None, None)]
    assert rows.column_names == list(GOLD_SENTIMENT.column_names)
    assert points(after, "language", "terms") == [(None, None), ("en", ["surge"])]
