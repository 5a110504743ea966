"""The columnar cache against the files it was read from: the same answers, whatever happened in between."""

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse import lake
from lakehouse.cache import column_cache
from lakehouse.cache.aggregation import sum_units, to_limbs
from lakehouse.cache.commit_rows import rows_beyond
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryPage, HistoryQuery
from lakehouse.lake import Lake
from lakehouse.time_range import to_us
from tests.support.history_queries import pages, points, question
from tests.support.lake_builder import LakeBuilder, build_lake
from tests.support.profiles import sized

BUDGET_BYTES = 100_000_000
FIRST_DAY = datetime(2026, 1, 9, tzinfo=UTC)
SLOW = settings(
    max_examples=sized(quick=4, full=10, soak=200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking whole lakes takes minutes
)

INSTANTS = st.one_of(
    st.sampled_from([FIRST_DAY + timedelta(days=i) for i in range(4)]),
    st.integers(0, 3 * 86_400_000_000 - 1).map(lambda us: FIRST_DAY + timedelta(microseconds=us)),
    st.integers(0, 90).map(lambda minutes: FIRST_DAY + timedelta(days=1, minutes=minutes)),
)
SYMBOLS = st.sampled_from(["btc", "btc", "eth"])
SENTIMENT = st.fixed_dictionaries(
    {
        "event_time": INSTANTS,
        "score": st.one_of(st.none(), st.floats(-1, 1), st.sampled_from([-1.0, 0.0, 1.0, 5e-18])),
        "label": st.sampled_from(["positive", "neutral", "negative"]),
        "symbol": SYMBOLS,
        "kafka_partition": st.integers(0, 2),
        "origin": st.sampled_from(["collected", "generated", "replay"]),
        "url": st.sampled_from([None, "https://example.org/é"]),
        "terms": st.sampled_from([None, [], ["moon", None]]),
    }
)
PREDICTION = st.fixed_dictionaries(
    {
        "made_at": INSTANTS,
        "target_time": INSTANTS,
        "symbol": SYMBOLS,
        "model": st.sampled_from(["walk", "drift"]),
        "horizon": st.sampled_from(["1h", "24h"]),
        "lower": st.sampled_from([None, 90.0]),
    }
)
PRICE = st.fixed_dictionaries(
    {
        "event_time": INSTANTS,
        "symbol": SYMBOLS,
        "venue": st.sampled_from(["simx", "other"]),
        "price": st.integers(1, 50).map(float),
        "base_volume": st.sampled_from([None, 0.25, 2.0]),  # sums that are exact in any order
        "kafka_partition": st.integers(0, 1),
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("gold_sentiment"), st.lists(SENTIMENT, max_size=8)),
        st.tuples(st.just("gold_prediction"), st.lists(PREDICTION, max_size=8)),
        st.tuples(st.just("gold_price"), st.lists(PRICE, max_size=8)),
        st.tuples(
            st.sampled_from(["compact", "expire"]),
            st.sampled_from(["gold_sentiment", "gold_prediction", "gold_price"]),
        ),
    ),
    max_size=8,
)
QUESTIONS = st.builds(
    lambda series, end, days, limit, symbol, interval, model: question(
        series,
        start=end - days,
        end=end,
        interval="raw" if series == "prediction" else interval,
        limit=limit,
        symbol=symbol,
        as_of=FIRST_DAY + timedelta(days=4),
        model=model if series == "prediction" else None,
    ),
    st.sampled_from(["sentiment", "price", "prediction"]),
    INSTANTS,
    st.sampled_from([timedelta(hours=2), timedelta(days=1), timedelta(days=3)]),
    st.integers(1, 20),
    SYMBOLS,
    st.sampled_from(["raw", "1m", "5m", "1h", "1d"]),
    st.sampled_from([None, "walk"]),
)


def do(builder: LakeBuilder, step: tuple[str, Any]) -> None:
    what, how = step
    if what == "compact":
        builder.open(how).optimize.compact()
    elif what == "expire":
        builder.open(how).delete("event_date = '2026-01-09'")
    else:
        builder.append(what, how)


def alike(held: HistoryPage, read: HistoryPage) -> None:
    assert held.columns == read.columns
    assert held.rows == read.rows
    assert held.next == read.next
    assert held.market == read.market


@pytest.mark.lake
@SLOW
@given(
    steps=STEPS, asked=st.lists(QUESTIONS, min_size=1, max_size=4), budget=st.sampled_from([1, BUDGET_BYTES])
)
def test_cache_answers_as_the_files_do_whatever_happens_to_the_table(
    steps: list[tuple[str, Any]], asked: list[HistoryQuery], budget: int
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        builder = build_lake(folder)
        columns, files = lake.open(str(folder), columns_budget_bytes=budget), lake.open(str(folder))
        open_cursors: list[HistoryQuery] = []
        for step in [("gold_sentiment", []), *steps]:
            do(builder, step)
            for query in [*asked, *open_cursors]:
                page = read_history(columns, query)
                alike(page, read_history(files, query))
                if page.next is not None and query.cursor is None and step[0] != "expire":
                    open_cursors.append(replace(query, cursor=page.next))
            if step[0] == "expire":
                open_cursors.clear()
    finally:
        shutil.rmtree(folder)


@given(scores=st.lists(st.floats(-1, 1), min_size=1, max_size=200))
def test_scores_are_summed_as_duckdb_sums_decimals(scores: list[float]) -> None:
    rows = pa.table({"score": scores})
    (answered,) = duckdb.sql("SELECT sum(score::DECIMAL(18, 17))::DOUBLE FROM rows").fetchall()
    (total,) = sum_units(to_limbs(np.array(scores)), np.array([0]))
    assert rows.num_rows == len(scores)
    assert (total / 10**17,) == answered


@pytest.mark.parametrize("n_rows", [92, 93, 1_000])
def test_sums_beyond_64_bits_are_exact(n_rows: int) -> None:
    units = to_limbs(np.array([-1.0] * n_rows + [1.0] * n_rows))
    assert sum_units(units, np.array([0, n_rows])) == [-n_rows * 10**17, n_rows * 10**17]


def test_appended_rows_are_added_without_reading_the_rest_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    reader = lake.open(str(tmp_path), columns_budget_bytes=BUDGET_BYTES)
    assert points(read_history(reader, question("sentiment")), "score") == [(0.1,)]
    read: list[list[str]] = watch(reader, monkeypatch)
    table = builder.append("gold_sentiment", [{"score": 0.2}])
    assert points(read_history(reader, question("sentiment")), "score") == [(0.1,), (0.2,)]
    table.update_incremental()
    table.optimize.compact()
    assert points(read_history(reader, question("sentiment")), "score") == [(0.1,), (0.2,)]
    assert [len(paths) for paths in read] == [1]


def test_vacuumed_files_are_not_missed_by_cached_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = build_lake(tmp_path)
    for i in range(3):
        builder.append("gold_sentiment", [{"score": i / 10}])
    reader = lake.open(str(tmp_path), columns_budget_bytes=BUDGET_BYTES)
    first, *_ = pages(reader, question("sentiment", limit=1))
    table = builder.open("gold_sentiment")
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    read: list[list[str]] = watch(reader, monkeypatch)
    older = read_history(reader, question("sentiment", limit=9, cursor=first.next))
    assert points(older, "score") == [(0.0,), (0.1,)]
    assert read == []


def test_budget_bounds_the_cache(tmp_path: Path) -> None:
    rows = [{"event_time": FIRST_DAY + timedelta(hours=i), "title": "t" * 1000} for i in range(72)]
    build_lake(tmp_path, sentiment=rows)
    reader = lake.open(str(tmp_path), columns_budget_bytes=60_000)
    for day in range(3):
        end = FIRST_DAY + timedelta(days=day + 1)
        asked = question("sentiment", start=end - timedelta(days=1), end=end)
        page = read_history(reader, asked)
        assert read_history(reader, asked).rows == page.rows
        assert points(page, "event_time")[0] == (to_us(end - timedelta(days=1)),)
        assert 24_000 < reader.columns.n_bytes <= 60_000


def test_columns_of_another_build_are_dropped(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"score": 0.1}])
    reader = lake.open(str(tmp_path), columns_budget_bytes=BUDGET_BYTES)
    read_history(reader, question("sentiment"))
    builder.build = builder.catalog.next_build("rebuilt")
    builder.next_offsets.clear()
    for name in ("gold_prediction", "gold_price"):
        builder.append(name, [])
    builder.append("gold_sentiment", [{"score": 0.2}])
    builder.catalog.publish_build(builder.build)
    reader.current_build(refresh=True)
    assert points(read_history(reader, question("sentiment")), "score") == [(0.2,)]


def watch(reader: Lake, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the files of every read of gold_sentiment from now on."""
    read: list[list[str]] = []
    fetch_rows, fetch_arrow = reader.session.fetch_rows, reader.session.fetch_arrow

    def note(files: list[str], **bound: Any) -> None:
        if bound["spec"].name == "gold_sentiment":
            read.append(files)

    def rows(statement: str, files: list[str], **bound: Any) -> Any:
        note(files, **bound)
        return fetch_rows(statement, files, **bound)

    def arrow(statement: str, files: list[str], **bound: Any) -> Any:
        note(files, **bound)
        return fetch_arrow(statement, files, **bound)

    def beyond(paths: list[str], names: Any, spec: Any, position: Any) -> Any:
        note(paths, spec=spec)
        return rows_beyond(paths, names, spec, position)

    monkeypatch.setattr(column_cache, "rows_beyond", beyond)
    monkeypatch.setattr(reader.session, "fetch_rows", rows)
    monkeypatch.setattr(reader.session, "fetch_arrow", arrow)
    return read
