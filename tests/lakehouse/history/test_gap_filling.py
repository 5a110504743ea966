"""Gaps between buckets: what is filled, with what, and that pages do not change it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import lake
from lakehouse.history.gap_filling import Neighbours, fill_buckets
from lakehouse.history.query import Row
from lakehouse.series.buckets import Filling
from tests.support.history_queries import pages, points, question
from tests.support.lake_builder import NOON, build_lake

CANDLES = ("event_time", "open", "high", "low", "close", "volume", "count", "origins")
MOODS = ("event_time", "count", "mean", "min", "max", "positive", "negative", "origins")
EARLY: Row = (10, 1.0, 4.0, 1.0, 2.0, 5.0, 3, 2)
LATE: Row = (40, 8.0, 9.0, 7.0, 7.5, None, 1, 1)


def fill(filling: Filling, *, rows: list[Row], starts: range, **neighbours: Row) -> list[Row]:
    return fill_buckets(CANDLES, rows, starts_us=starts, filling=filling, neighbours=Neighbours(**neighbours))


def test_null_leaves_what_nobody_saw_empty() -> None:
    assert fill(Filling.NULL, rows=[EARLY], starts=range(10, 30, 10)) == [
        (*EARLY, False),
        (20, None, None, None, None, None, 0, 0, True),
    ]


def test_previous_goes_on_from_the_close_before() -> None:
    assert fill(Filling.PREVIOUS, rows=[EARLY, LATE], starts=range(0, 60, 10)) == [
        (0, None, None, None, None, None, 0, 0, True),
        (*EARLY, False),
        (20, 2.0, 2.0, 2.0, 2.0, None, 0, 0, True),
        (30, 2.0, 2.0, 2.0, 2.0, None, 0, 0, True),
        (*LATE, False),
        (50, 7.5, 7.5, 7.5, 7.5, None, 0, 0, True),
    ]


def test_line_goes_from_the_close_before_to_the_open_after_and_no_further() -> None:
    assert fill(Filling.LINEAR, rows=[EARLY, LATE], starts=range(0, 60, 10)) == [
        (0, None, None, None, None, None, 0, 0, True),
        (*EARLY, False),
        (20, 4.0, 4.0, 4.0, 4.0, None, 0, 0, True),
        (30, 6.0, 6.0, 6.0, 6.0, None, 0, 0, True),
        (*LATE, False),
        (50, None, None, None, None, None, 0, 0, True),
    ]


def test_neighbours_outside_of_the_page_are_the_ends_of_its_lines() -> None:
    filled = fill(Filling.LINEAR, rows=[], starts=range(20, 40, 10), before=EARLY, after=LATE)
    assert [row[4] for row in filled] == [4.0, 6.0]


def test_moods_are_each_their_own_line() -> None:
    rows: list[Row] = [(10, 2, 0.0, -1.0, 0.5, 1, 1, 2), (30, 1, 1.0, 0.0, 1.0, 1, 0, 2)]
    filled = fill_buckets(MOODS, [], starts_us=[20], filling=Filling.LINEAR, neighbours=Neighbours(*rows))
    assert filled == [(20, 0, 0.5, -0.5, 0.75, 0, 0, 0, True)]


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize("filling", [Filling.NULL, Filling.PREVIOUS, Filling.LINEAR])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_pages_of_any_size_are_filled_alike(tmp_path: Path, filling: Filling, limit: int) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(m), "score": m / 10} for m in (2, 3, 6, 9)])
    asked = question(
        "sentiment", start=at(0), end=at(12), interval="1m", limit=limit, filling=filling, as_of=at(60)
    )
    answered = list(pages(lake.open(str(tmp_path)), asked))
    means = [mean for page in reversed(answered) for (mean,) in points(page, "mean")]
    flags = [filled for page in reversed(answered) for (filled,) in points(page, "filled")]
    middle = {
        Filling.NULL: [None, None, 0.6, None, None],
        Filling.PREVIOUS: [0.3, 0.3, 0.6, 0.6, 0.6],
        Filling.LINEAR: [0.4, 0.5, 0.6, 0.7, 0.8],
    }[filling]
    last = 0.9 if filling == Filling.PREVIOUS else None
    assert means == [None, None, 0.2, 0.3, *(pytest.approx(m) for m in middle), 0.9, last, last]
    assert flags == [m not in (2, 3, 6, 9) for m in range(12)]


def test_what_has_not_begun_yet_is_not_filled(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at(0)}])
    asked = question(
        "sentiment",
        start=at(-1),
        end=at(60),
        interval="1m",
        filling=Filling.PREVIOUS,
        as_of=at(12.5),
        limit=1000,
    )
    (page,) = pages(lake.open(str(tmp_path)), asked)
    assert points(page, "count", "complete") == [(0, True), (1, True), (0, True), *[(0, False)] * 11]


def test_candles_are_filled_from_the_lake(tmp_path: Path) -> None:
    build_lake(tmp_path, price=[{"event_time": at(0), "price": 10.0}, {"event_time": at(2), "price": 20.0}])
    asked = question("price", start=at(0), end=at(3), interval="1m", filling=Filling.LINEAR)
    (page,) = pages(lake.open(str(tmp_path)), asked)
    assert points(page, "open", "close", "volume", "count", "filled") == [
        (10.0, 10.0, 1.0, 1, False),
        (15.0, 15.0, None, 0, True),
        (20.0, 20.0, 1.0, 1, False),
    ]


MOOD = st.tuples(st.integers(1, 9), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))


@given(
    seen=st.dictionaries(st.integers(0, 30), MOOD),
    filling=st.sampled_from([Filling.NULL, Filling.PREVIOUS, Filling.LINEAR]),
)
def test_filling_keeps_every_observed_bucket_and_its_counts(seen: dict[int, Any], filling: Filling) -> None:
    rows: list[Row] = []
    for start, (count, *scores) in sorted(seen.items()):
        low, mean, high = sorted(scores)
        rows.append((start, count, mean, low, high, count, 0, 1))
    filled = fill_buckets(MOODS, rows, starts_us=range(31), filling=filling, neighbours=Neighbours())
    assert [row[0] for row in filled] == list(range(31))
    assert [row[:-1] for row in filled if not row[-1]] == rows
    assert sum(row[1] for row in filled) == sum(row[1] for row in rows)
    for _, _, mean, low, high, *_ in filled:
        assert mean is None or low - 1e-12 <= mean <= high + 1e-12
