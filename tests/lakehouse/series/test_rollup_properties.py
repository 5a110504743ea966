"""Answers through rollups against a plain GROUP BY over gold, for random histories of a lake."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse.history import file_sources
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.series.buckets import BUCKET_WIDTHS_US
from tests.support.history_queries import DAY_START, pages, question
from tests.support.plain_markets import plain_candles, read_ticks
from tests.support.profiles import sized
from tests.support.rollup_lake import GOLD_OF_SERIES, RolledLake, plain_group_by

pytestmark = pytest.mark.lake

SLOW = settings(
    max_examples=sized(quick=2, full=6, soak=400),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.fixture(autouse=True, scope="module")
def _rollups_always_pay() -> Iterator[None]:
    with patch.object(file_sources, "MIN_ROLLUP_SPEEDUP", 0):
        yield


DAY_US = 86_400_000_000
MINUTE_US = 60_000_000

# Late and early at will, over a month's end; many in few minutes, so that partial sums of one bucket meet.
TIMES_US = st.one_of(
    st.integers(0, 240 * MINUTE_US),
    st.integers(0, 20).map(lambda n: n * 6 * MINUTE_US),
    st.tuples(st.sampled_from([-1, 1, 21, 22]), st.integers(0, 3 * MINUTE_US)).map(
        lambda at: at[0] * DAY_US + at[1]
    ),
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "event_time": TIMES_US,
            "score": st.one_of(st.none(), st.floats(-1, 1, allow_nan=False)),
            "label": st.sampled_from(["positive", "neutral", "negative"]),
            "origin": st.sampled_from(["generated", "collected", "replay"]),
            "symbol": st.sampled_from(["btc", "btc", "eth"]),
            "kafka_partition": st.integers(0, 2),
        }
    ),
    max_size=8,
)
TICKS = st.lists(
    st.fixed_dictionaries(
        {
            "event_time": TIMES_US,
            "price": st.floats(0.01, 1e6),
            "base_volume": st.one_of(st.none(), st.floats(0, 1e6)),
            "venue": st.sampled_from(["simx", "simx", "elsewhere"]),
            "kafka_partition": st.integers(0, 2),
        }
    ),
    max_size=8,
)
WHO = st.integers(0, 1)
Step = Callable[[RolledLake], Any]
STEPS: st.SearchStrategy[Step] = st.one_of(
    EVENTS.map(lambda events: lambda it: it.append("gold_sentiment", events)),
    TICKS.map(lambda ticks: lambda it: it.append("gold_price", ticks)),
    st.sampled_from(list(GOLD_OF_SERIES.values())).map(
        lambda name: lambda it: it.builder.recreate_topic(name)
    ),
    st.integers(1, 50).map(lambda n: lambda it: it.builder.skip_offsets("gold_sentiment", n)),
    st.tuples(WHO, st.booleans()).map(lambda how: lambda it: it.refresh(how[0], small_commits=how[1])),
    st.tuples(WHO, st.integers(0, 5), st.booleans()).map(
        lambda how: lambda it: it.refresh_and_crash(how[0], at_commit=how[1], after_it=how[2])
    ),
    WHO.map(lambda who: lambda it: it.refresh_while(who, lambda: it.refresh(1 - who))),
    WHO.map(lambda who: lambda it: it.refresh_while(who, it.compact)),
    st.just(lambda it: it.compact()),
    st.just(lambda it: it.vacuum()),
)
QUESTIONS = st.builds(
    lambda series, interval, edges: question(
        series,
        interval=interval,
        start=DAY_START + timedelta(microseconds=min(edges)),
        end=DAY_START + timedelta(microseconds=max(edges)),
    ),
    st.sampled_from(list(GOLD_OF_SERIES)),
    st.sampled_from(list(BUCKET_WIDTHS_US)),
    st.tuples(TIMES_US, TIMES_US),
)


HISTORIES = given(
    first=st.tuples(EVENTS, TICKS),
    steps=st.lists(STEPS, min_size=2, max_size=8),
    questions=st.lists(QUESTIONS, min_size=2, max_size=4),
)


def check_history(
    first: tuple[list[Any], list[Any]], steps: list[Step], questions: list[HistoryQuery]
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        it = RolledLake(folder)
        it.append("gold_sentiment", first[0])
        it.append("gold_price", first[1])
        for step in steps:
            step(it)
            assert_equal(it.reader, questions[0])
            assert_equal(it.holder, questions[0])
        for query in questions:
            assert_equal(it.reader, query)
            assert_equal(it.holder, query)
            assert_equal(it.refreshers[0], query)
    finally:
        shutil.rmtree(folder)


@SLOW
@HISTORIES
def test_answers_are_those_of_a_plain_group_by_whatever_was_done_to_the_rollups(
    first: tuple[list[Any], list[Any]], steps: list[Step], questions: list[HistoryQuery]
) -> None:
    check_history(first, steps, questions)


@SLOW
@given(
    first=EVENTS,
    later=EVENTS,
    steps=st.lists(STEPS, max_size=3),
    interval=st.sampled_from(["1m", "1h"]),
    limit=st.integers(1, 4),
    in_memory=st.booleans(),
)
def test_pages_of_a_cursor_are_one_series_while_rollups_run_ahead(
    first: list[Any], later: list[Any], steps: list[Step], interval: str, limit: int, in_memory: bool
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        it = RolledLake(folder)
        it.append("gold_sentiment", first)
        it.refresh(0)
        start, end = DAY_START - timedelta(seconds=90), DAY_START + timedelta(hours=30, seconds=90)
        query = question("sentiment", interval=interval, limit=limit, start=start, end=end)
        expected = plain_group_by(it.reader, query)
        answered: list[Any] = []
        for page in pages(it.holder if in_memory else it.reader, query):
            answered = [row[:-2] for row in page.rows] + answered
            it.append("gold_sentiment", later)
            for step in steps:
                step(it)
            it.refresh(1)
    finally:
        shutil.rmtree(folder)
    assert answered == expected


def assert_equal(reader: Lake, query: HistoryQuery) -> None:
    """Check that a reader gives the buckets of gold: all bits, volumes aside."""
    answered = [row[:-2] for page in reversed(list(pages(reader, query))) for row in page.rows]
    if query.series.name == "sentiment":
        assert answered == plain_group_by(reader, query)
        return
    expected = plain_candles(read_ticks(reader, query.symbol), query)
    assert [row[:5] + row[6:] for row in answered] == [row[:5] + row[6:] for row in expected]
    assert [row[5] for row in answered] == [
        None if row[5] is None else pytest.approx(row[5], rel=1e-12) for row in expected
    ]
