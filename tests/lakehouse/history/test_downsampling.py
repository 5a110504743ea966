"""Fewer points: the extremes and ends always stay, sums stay, and nothing is invented."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import lake
from lakehouse.errors import QueryError
from lakehouse.history.downsampling import MIN_POINTS, downsample_buckets, downsample_rows, select_points
from lakehouse.history.page import read_history
from lakehouse.history.query import Row
from tests.support.history_queries import pages, points, question
from tests.support.lake_builder import NOON, build_lake
from tests.support.profiles import sized

CANDLES = ("event_time", "open", "high", "low", "close", "volume", "count", "origins", "complete", "filled")


def test_selected_bucket_includes_those_left_out_before_it() -> None:
    rows: list[Row] = [
        (0, 1.0, 2.0, 1.0, 1.0, 1.0, 1, 1, True, False),
        (1, 5.0, 9.0, 5.0, 5.0, None, 2, 2, True, False),
        (2, 5.0, 6.0, 0.5, 5.5, 4.0, 3, 1, True, False),
        (3, 5.0, 5.0, 5.0, 9.0, 1.0, 1, 1, True, False),
        (4, 4.0, 4.0, 4.0, 0.0, None, 1, 4, False, False),
        (5, 4.0, 4.0, 4.0, 4.0, None, 0, 0, False, True),
    ]
    assert downsample_buckets(CANDLES, rows, curve="close", n_points=4) == [
        (0, 1.0, 2.0, 1.0, 1.0, 1.0, 1, 1, True, False),
        (3, 5.0, 9.0, 0.5, 9.0, 5.0, 6, 3, True, False),
        (4, 4.0, 4.0, 4.0, 0.0, None, 1, 4, False, False),
        (5, 4.0, 4.0, 4.0, 4.0, None, 0, 0, False, True),
    ]


def test_points_that_fit_stay_as_they_are() -> None:
    rows: list[Row] = [(i, float(i)) for i in range(5)]
    assert (
        downsample_rows(("event_time", "score"), rows, axis="event_time", curve="score", n_points=5) == rows
    )


def test_points_without_a_value_are_left_out_first() -> None:
    values = [None, 3.0, None, 1.0, None, None]
    assert select_points(range(6), values, 4) == [0, 1, 3, 5]
    assert select_points(range(6), [None] * 6, 4) == [0, 5]


CURVES = st.lists(
    st.tuples(st.integers(0, 50), st.none() | st.floats(-1e6, 1e6, width=32)), min_size=5, max_size=300
)


@settings(max_examples=sized(quick=40, full=200, soak=5_000))
@given(curve=CURVES, n_points=st.integers(MIN_POINTS, 40))
def test_ends_and_extremes_of_any_curve_are_kept(
    curve: list[tuple[int, float | None]], n_points: int
) -> None:
    curve.sort(key=lambda point: point[0])
    times, values = [time for time, _ in curve], [value for _, value in curve]
    n_points = min(n_points, len(curve) - 1)
    selected = select_points(times, values, n_points)
    assert selected == sorted(set(selected))
    assert {0, len(curve) - 1} <= set(selected)
    assert len(selected) <= n_points
    known = [value for value in values if value is not None]
    if known:
        assert {min(known), max(known)} <= {values[index] for index in selected}


@given(
    buckets=st.lists(
        st.tuples(st.integers(0, 9), st.floats(-1, 1), st.integers(0, 7)), min_size=5, max_size=200
    ),
    n_points=st.integers(MIN_POINTS, 40),
)
def test_sums_and_extremes_of_any_buckets_are_kept(
    buckets: list[tuple[int, float, int]], n_points: int
) -> None:
    columns = (
        "event_time", "count", "mean", "min", "max", "positive", "negative", "origins", "complete", "filled",
    )  # fmt: skip
    rows: list[Row] = [
        (i, n, mean, max(-1.0, mean - n / 10), min(1.0, mean + n / 10), n, 1, bits, True, n == 0)
        for i, (n, mean, bits) in enumerate(buckets)
    ]
    downsampled = downsample_buckets(columns, rows, curve="mean", n_points=n_points)
    assert len(downsampled) <= n_points
    for at in (1, 5, 6):
        assert sum(row[at] for row in downsampled) == sum(row[at] for row in rows)
    assert min(row[3] for row in downsampled) == min(row[3] for row in rows)
    assert max(row[4] for row in downsampled) == max(row[4] for row in rows)
    means = {row[0]: row[2] for row in rows}
    assert all(means[row[0]] == row[2] for row in downsampled)
    assert {max(means.values()), min(means.values())} <= {row[2] for row in downsampled}


def scores(n_rows: int) -> list[dict[str, object]]:
    return [
        {"event_time": NOON + timedelta(minutes=i), "score": (i * 7 % 20 - 10) / 10} for i in range(n_rows)
    ]


def test_limit_counts_points_before_they_are_downsampled(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=scores(30))
    reader = lake.open(str(tmp_path))
    answered = list(pages(reader, question("sentiment", interval="1m", limit=10, n_points=5)))
    assert [page.n_read for page in answered] == [10, 10, 10]
    assert all(len(page.rows) <= 5 for page in answered)
    assert [sum(count for (count,) in points(page, "count")) for page in answered] == [10, 10, 10]


def test_curve_of_a_whole_range_is_not_cut_silently(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=scores(30))
    reader = lake.open(str(tmp_path))
    whole = read_history(reader, question("sentiment", limit=30, n_points=6, whole=True))
    assert (whole.n_read, whole.next) == (30, None)
    assert len(whole.rows) <= 6
    with pytest.raises(QueryError, match="more than 29 points"):
        read_history(reader, question("sentiment", limit=29, n_points=6, whole=True))


def test_downsampled_predictions_keep_their_realised_prices(tmp_path: Path) -> None:
    at = [NOON + timedelta(minutes=i) for i in range(10)]
    build_lake(
        tmp_path,
        prediction=[
            {"made_at": time, "target_time": time, "predicted_price": float(i)} for i, time in enumerate(at)
        ],
        price=[{"event_time": time, "price": float(i)} for i, time in enumerate(at)],
    )
    page = read_history(lake.open(str(tmp_path)), question("prediction", n_points=4))
    assert points(page, "predicted_price", "realised_price") == [(0.0, 0.0), (9.0, 9.0)]
