"""Histories against plain Python, on generated tables: every split into commits, partitions and pages."""

import shutil
import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse import lake
from lakehouse.lake import Lake
from lakehouse.series.buckets import BUCKET_WIDTHS_US
from lakehouse.time_range import to_time, to_us
from tests.support.history_queries import DAY_END, DAY_START, pages, points, question
from tests.support.lake_builder import LakeBuilder, build_lake
from tests.support.profiles import sized

pytestmark = pytest.mark.lake

SLOW = settings(max_examples=sized(quick=5, full=10, soak=200), suppress_health_check=[HealthCheck.too_slow])

# Few distinct instants, so that many events tie; some on the very edges of buckets and of the range.
INSTANTS = st.one_of(
    st.sampled_from(
        [DAY_START, DAY_END, DAY_END - timedelta(microseconds=1), datetime(2026, 1, 10, 12, tzinfo=UTC)]
    ),
    st.integers(0, 300).map(lambda minutes: DAY_START + timedelta(minutes=minutes)),
    st.integers(0, 86_400_000_000 - 1).map(lambda us: DAY_START + timedelta(microseconds=us)),
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "event_time": INSTANTS,
            "score": st.floats(-1, 1, allow_nan=False),
            "label": st.sampled_from(["positive", "neutral", "negative"]),
            "symbol": st.sampled_from(["btc", "btc", "btc", "eth"]),
            "kafka_partition": st.integers(0, 2),
        }
    ),
    max_size=40,
)


def lake_of(builder: LakeBuilder, rows: list[dict[str, Any]], n_commits: int) -> Lake:
    for i in range(n_commits):
        builder.append("gold_sentiment", rows[i::n_commits])
    return lake.open(str(builder.path))


@SLOW
@given(rows=EVENTS, n_commits=st.integers(1, 3), limit=st.integers(1, 50), compacted=st.booleans())
def test_pages_put_together_are_the_whole_series(
    rows: list[dict[str, Any]], n_commits: int, limit: int, compacted: bool
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        builder = build_lake(folder)
        reader = lake_of(builder, rows, n_commits)
        if compacted:
            builder.open("gold_sentiment").optimize.compact()
        answered = [
            points(page, "event_time", "score") for page in pages(reader, question("sentiment", limit=limit))
        ]
    finally:
        shutil.rmtree(folder)
    together = [point for page in reversed(answered) for point in page]
    expected = [
        (to_us(row["event_time"]), row["score"])
        for row in rows
        if row["symbol"] == "btc" and DAY_START <= row["event_time"] < DAY_END
    ]
    assert all(len(page) <= limit for page in answered)
    assert [time for time, _ in together] == sorted(time for time, _ in expected)
    assert sorted(together) == sorted(expected)


@SLOW
@given(
    rows=EVENTS,
    n_commits=st.integers(1, 3),
    limit=st.integers(1, 50),
    interval=st.sampled_from(list(BUCKET_WIDTHS_US)),
)
def test_buckets_are_those_of_a_plain_group_by(
    rows: list[dict[str, Any]], n_commits: int, limit: int, interval: str
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        reader = lake_of(build_lake(folder), rows, n_commits)
        asked = question("sentiment", interval=interval, limit=limit)
        answered = [row for page in reversed(list(pages(reader, asked))) for row in page.rows]
    finally:
        shutil.rmtree(folder)
    width_us = BUCKET_WIDTHS_US[interval]
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["symbol"] == "btc" and DAY_START <= row["event_time"] < DAY_END:
            groups[to_us(row["event_time"]) // width_us * width_us].append(row)
    assert [row[0] for row in answered] == sorted(groups)
    for start_us, count, mean, lowest, highest, positive, negative, *_ in answered:
        scores = [row["score"] for row in groups[start_us]]
        labels = [row["label"] for row in groups[start_us]]
        assert (count, positive, negative) == (
            len(scores),
            labels.count("positive"),
            labels.count("negative"),
        )
        assert (lowest, highest) == (min(scores), max(scores))
        assert mean == pytest.approx(sum(scores) / len(scores), abs=1e-12)
        assert lowest <= mean <= highest
        assert to_time(start_us).second == 0


@SLOW
@given(
    targets=st.lists(st.integers(0, 1200), max_size=12),
    prices=st.lists(st.tuples(st.integers(0, 1200), st.sampled_from(["simx", "other"])), max_size=25),
)
def test_realised_price_is_that_of_a_plain_search(targets: list[int], prices: list[tuple[int, str]]) -> None:
    """Seconds of one quarter of an hour and a bit; a price's own number tells which of a tie it is."""
    folder = Path(tempfile.mkdtemp())
    try:
        build_lake(
            folder,
            prediction=[
                {"made_at": DAY_START, "target_time": DAY_START + timedelta(seconds=s)} for s in targets
            ],
            price=[
                {"event_time": DAY_START + timedelta(seconds=s), "venue": venue, "price": float(i + 1)}
                for i, (s, venue) in enumerate(prices)
            ],
        )
        page = next(pages(lake.open(str(folder)), question("prediction")))
    finally:
        shutil.rmtree(folder)
    venue = "simx" if any(venue == "simx" for _, venue in prices) else "other"
    own = [(s, float(i + 1)) for i, (s, of_venue) in enumerate(prices) if of_venue == venue]
    newest = max((s for s, _ in own), default=-1)
    expected = [
        max(((s, price) for s, price in own if target - 120 <= s <= target), default=(0, None))[1]
        if target <= newest
        else None
        for target in targets
    ]
    assert [row[0] for row in points(page, "realised_price")] == expected
