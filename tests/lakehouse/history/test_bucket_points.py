"""When a bucket is complete: nothing cut off, and nothing to come."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse import lake
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryPage
from lakehouse.lake import Lake
from lakehouse.series.buckets import Filling
from lakehouse.tail.store import Message
from lakehouse.time_range import to_us
from tests.support.history_queries import DAY_START, points, question
from tests.support.lake_builder import at, build_lake
from tests.support.live_stream import Pipeline, Sent
from tests.support.messages import price, to_bytes
from tests.support.profiles import sized

SERIES = ("sentiment", "price")
US = timedelta(microseconds=1)


def ask(reader: Lake, series: str, interval: str, start: datetime, end: datetime, **more: Any) -> HistoryPage:
    return read_history(reader, question(series, interval=interval, start=start, end=end, **more))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Build a lake with a row at every tenth minute of four days."""
    rows = [{"event_time": DAY_START + timedelta(minutes=10 * i)} for i in range(4 * 144)]
    folder = tmp_path_factory.mktemp("lake")
    build_lake(folder, sentiment=rows, price=rows)
    return lake.open(str(folder))


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize(
    ("interval", "start", "end", "expected"),
    [
        ("1d", timedelta(hours=18), timedelta(days=3), [False, True, True]),
        ("1d", timedelta(), timedelta(days=2, hours=1), [True, True, False]),
        ("1d", timedelta(hours=1), timedelta(hours=23), [False]),
        ("1d", timedelta(), timedelta(days=1), [True]),
        ("1d", US, timedelta(days=1), [False]),
        ("1d", timedelta(), timedelta(days=1) - US, [False]),
        ("4h", timedelta(hours=1), timedelta(hours=13), [False, True, True, False]),
        ("1h", timedelta(minutes=30), timedelta(hours=2, minutes=30), [False, True, False]),
        ("15m", timedelta(minutes=10), timedelta(minutes=51), [False, True, True, False]),
        ("5m", timedelta(minutes=10), timedelta(minutes=25), [True, True]),
        ("1m", timedelta(seconds=30), timedelta(minutes=11, seconds=1), [True]),
    ],
)
@pytest.mark.parametrize("in_memory", [False, True])
def test_bucket_that_the_range_cuts_is_not_complete(
    reader: Lake,
    series: str,
    interval: str,
    start: timedelta,
    end: timedelta,
    expected: list[bool],
    in_memory: bool,
) -> None:
    later = DAY_START + timedelta(days=9)
    own = lake.open(reader.location.uri, columns_budget_bytes=50_000_000) if in_memory else reader
    page = ask(own, series, interval, DAY_START + start, DAY_START + end, as_of=later)
    assert [complete for (complete,) in points(page, "complete")] == expected


@pytest.mark.parametrize("filling", [Filling.NULL, Filling.PREVIOUS, Filling.LINEAR])
def test_filled_bucket_that_the_range_cuts_is_not_complete(reader: Lake, filling: Filling) -> None:
    start, end = DAY_START + timedelta(minutes=5.5), DAY_START + timedelta(minutes=9.5)
    page = ask(reader, "price", "1m", start, end, filling=filling)
    assert points(page, "complete", "filled") == [
        (False, True), (True, True), (True, True), (True, True), (False, True),
    ]  # fmt: skip


def test_point_that_stands_for_several_buckets_is_complete_where_all_are(reader: Lake) -> None:
    start, end = DAY_START + timedelta(minutes=30), DAY_START + timedelta(days=1)
    page = ask(reader, "price", "1h", start, end, n_points=6)
    first, *others = [complete for (complete,) in points(page, "complete")]
    assert first is False
    assert all(others)


@pytest.mark.parametrize(
    ("series", "as_of", "complete"),
    [
        ("sentiment", at(minutes=5) - US, False),
        ("sentiment", at(minutes=5), False),
        ("sentiment", at(minutes=15) - US, False),
        ("sentiment", at(minutes=15), True),
        ("price", at(minutes=5), False),
        ("price", at(minutes=10) - US, False),
        ("price", at(minutes=10), True),
    ],
)
def test_bucket_is_complete_once_the_grace_after_its_end_has_passed(
    tmp_path: Path, series: str, as_of: datetime, complete: bool
) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at()}], price=[{"event_time": at()}])
    page = read_history(lake.open(str(tmp_path)), question(series, interval="5m", as_of=as_of))
    assert points(page, "complete") == [(complete,)]


@pytest.mark.parametrize(
    ("later", "complete"),
    [
        ({"event_time": at(minutes=5)}, True),
        ({"event_time": at(minutes=5) - US}, False),
        ({"event_time": at(minutes=5), "venue": "elsewhere"}, False),
        ({"event_time": at(minutes=5), "symbol": "eth"}, False),
        ({"event_time": at(minutes=14)}, False),
    ],
    ids=[
        "its market's",
        "within the bucket",
        "another market's",
        "another symbol's",
        "of a clock that is ahead",
    ],
)
def test_bucket_of_prices_is_complete_once_its_market_passed_its_end(
    tmp_path: Path, later: dict[str, Any], complete: bool
) -> None:
    build_lake(tmp_path, price=[{"event_time": at()}, later])
    as_of = at(minutes=5) if later["event_time"] <= at(minutes=5) else at(minutes=5) - US
    page = read_history(lake.open(str(tmp_path)), question("price", interval="5m", as_of=as_of))
    assert points(page, "complete")[0] == (complete,)


def test_text_after_the_end_says_nothing_about_other_feeds(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"event_time": at()}, {"event_time": at(minutes=6)}])
    page = read_history(lake.open(str(tmp_path)), question("sentiment", interval="5m", as_of=at(minutes=7)))
    assert points(page, "complete") == [(False,), (False,)]


def poll(second: int) -> int:
    """Return when a price of a second is in Kafka: prices are asked for every ten seconds."""
    return second // 10 * 10 + 11


def sent_prices(draw: random.Random) -> list[tuple[int, Sent]]:
    """Return (second of the poll, price) of twenty minutes, in order, with silences of up to four minutes."""
    second, sent = 0, []
    while second < 1_200:
        value = to_bytes(price(at(seconds=second), key=str(second), price=draw.uniform(1, 100)))
        polled_us = to_us(at(seconds=poll(second)))
        sent.append((poll(second), Sent("raw-price", 0, Message(len(sent), b"btc", value, polled_us))))
        second += draw.choice([1, 3, 20, 70, 240])
    return sent


@pytest.mark.parametrize("budget_bytes", [0, 50_000_000])
@pytest.mark.parametrize("seed", range(sized(quick=2, full=4, soak=40)))
def test_bucket_that_is_complete_does_not_change_while_prices_come_by_polls(
    tmp_path: Path, seed: int, budget_bytes: int
) -> None:
    sent, pipeline = sent_prices(random.Random(seed)), Pipeline(tmp_path)
    reader = pipeline.reader(with_tail=True, columns_budget_bytes=budget_bytes)
    complete: dict[int, Any] = {}
    for second in range(5, 1_300, 15):
        pipeline.follow([each for polled, each in sent if second - 15 < polled <= second])
        pipeline.tail.confirm()
        page = ask(reader, "price", "1m", at(), at(hours=1), as_of=at(seconds=second))
        for row in page.rows:
            if row[page.columns.index("complete")]:
                assert complete.setdefault(row[0], row) == row
    assert len(complete) > 3  # of the first ten seeds the one with the longest silences has four


def test_price_of_the_tail_completes_the_bucket_before_it_at_once(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    reader, answered = pipeline.reader(with_tail=True), []
    for offset, second in enumerate((59, 61)):
        value = to_bytes(price(at(seconds=second), key=str(second)))
        broker_us = to_us(at(seconds=second + 1))
        pipeline.follow([Sent("raw-price", 0, Message(offset, b"btc", value, broker_us))])
        page = ask(reader, "price", "1m", at(), at(hours=1), as_of=at(seconds=65))
        answered.append(points(page, "complete"))
    assert answered == [[(False,)], [(True,), (False,)]]
