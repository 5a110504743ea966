"""Histories over changes of market: each row and bucket of the primary market of its time, whichever way it is read."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from lakehouse import lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.errors import QueryError
from lakehouse.history import file_sources, pinned_markets
from lakehouse.history.latest import read_latest
from lakehouse.history.page import HistoryPage, read_history
from lakehouse.history.query import HistoryQuery
from lakehouse.history.stream import stream_history
from lakehouse.lake import Lake
from lakehouse.series.buckets import BUCKET_WIDTHS_US, RAW, Filling
from lakehouse.series.definitions import PRICE
from lakehouse.series.markets import Asset, Market, MarketRules, SymbolRules
from lakehouse.time_range import HOUR_US, TimeRange, to_us
from tests.support.history_queries import DAY_END, DAY_START, pages, points, question
from tests.support.lake_builder import LakeBuilder, build_lake
from tests.support.plain_markets import plain_candles, plain_rows, read_ticks
from tests.support.profiles import sized
from tests.support.rollup_lake import COLUMNS_BUDGET_BYTES

pytestmark = pytest.mark.lake

HOUR = timedelta(hours=1)
KRAKEN, BINANCE = Market("kraken", "usd"), Market("binance", "usdt")


def hour(hours: float) -> datetime:
    return DAY_START + hours * HOUR


def ticks(venue: str, quote: str, hours: range | list[float], price: float = 100.0) -> list[dict[str, Any]]:
    """Return a price a quarter past each hour."""
    return [
        {"event_time": hour(at + 0.25), "venue": venue, "quote": quote, "price": price + at} for at in hours
    ]


def binance(hours: range | list[float]) -> list[dict[str, Any]]:
    return ticks("binance", "usdt", hours)


def kraken(hours: range | list[float]) -> list[dict[str, Any]]:
    return ticks("kraken", "usd", hours, 200.0)


def parts_of(page: HistoryPage) -> list[tuple[float, float, str]]:
    start_us = to_us(DAY_START)
    return [
        ((part.start_us - start_us) / HOUR_US, (part.end_us - start_us) / HOUR_US, part.market.venue)
        for part in page.market_parts
    ]


@pytest.fixture
def delisted(tmp_path: Path) -> Lake:
    """Build a lake whose preferred market has its last price at 05:15, while another goes on."""
    build_lake(tmp_path, price=[*binance(range(6)), *kraken(range(24))])
    return lake.open(str(tmp_path))


def test_market_that_ended_before_the_range_is_not_in_it(tmp_path: Path) -> None:
    build_lake(tmp_path, price=[*binance([-48 + i / 100 for i in range(10)]), *kraken(range(3, 20))])
    page = read_history(lake.open(str(tmp_path)), question("price", interval="1h"))
    assert page.market == KRAKEN
    assert parts_of(page) == [(3, 24, "kraken")]
    assert [start for (start,) in points(page, "event_time")] == [to_us(hour(at)) for at in range(3, 20)]
    assert set(points(page, "venue", "quote", "complete")) == {("kraken", "usd", True)}


def test_rows_are_those_of_the_primary_market_of_their_hour(delisted: Lake) -> None:
    page = read_history(delisted, question("price"))
    assert points(page, "venue") == [("binance",)] * 6 + [("kraken",)] * 17
    assert parts_of(page) == [(0, 7, "binance"), (7, 24, "kraken")]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("1h", [(at, 100.0 + at, 100.0 + at, 1, "binance") for at in range(6)]
         + [(at, 200.0 + at, 200.0 + at, 1, "kraken") for at in range(7, 24)]),
        ("4h", [(0, 100.0, 103.0, 4, "binance"), (4, 104.0, 105.0, 2, "binance")]
         + [(at, 200.0 + at, 203.0 + at, 4, "kraken") for at in (8, 12, 16, 20)]),
        ("1d", [(0, 200.0, 223.0, 24, "kraken")]),
    ],
)  # fmt: skip
def test_candle_is_of_one_market(delisted: Lake, interval: str, expected: list[Any]) -> None:
    page = read_history(delisted, question("price", interval=interval))
    assert [
        ((start_us - to_us(DAY_START)) / HOUR_US, *rest)
        for start_us, *rest in points(page, "event_time", "open", "close", "count", "venue")
    ] == expected


def test_filled_buckets_are_never_filled_from_another_market(delisted: Lake) -> None:
    for filling, expected in ((Filling.PREVIOUS, 105.0), (Filling.LINEAR, None)):
        page = read_history(
            delisted, question("price", interval="1h", start=hour(5), end=hour(8), filling=filling)
        )
        assert points(page, "close", "venue", "filled") == [
            (105.0, "binance", False),
            (expected, "binance", True),
            (207.0, "kraken", False),
        ]


def test_points_that_stand_for_several_buckets_are_of_one_market(delisted: Lake) -> None:
    page = read_history(delisted, question("price", interval="1h", n_points=8))
    found = points(page, "venue", "open", "close", "count")
    assert 3 <= len(found) <= 8
    assert sum(count for *_, count in found) == 23
    assert {(venue, opened < 150, closed < 150) for venue, opened, closed, _ in found} == {
        ("binance", True, True),
        ("kraken", False, False),
    }


def test_filled_points_over_a_silence_between_two_markets_are_of_neither(tmp_path: Path) -> None:
    build_lake(tmp_path, price=[*binance(range(3)), *kraken(range(10, 24))])
    reader = lake.open(str(tmp_path))
    for filling in (Filling.NULL, Filling.PREVIOUS, Filling.LINEAR):
        page = read_history(reader, question("price", interval="1h", filling=filling))
        assert points(page, "venue", "close")[3:10] == [
            ("binance", 102.0 if filling is Filling.PREVIOUS else None),
            *[(None, None)] * 6,
        ]
        fewer = read_history(reader, question("price", interval="1h", filling=filling, n_points=9))
        found = points(fewer, "venue", "open", "close", "count")
        assert sum(count for *_, count in found) == 17
        assert {(venue, count > 0) for venue, _, _, count in found if count} == {
            ("binance", True),
            ("kraken", True),
        }
        assert all(opened < 150 for venue, opened, _, count in found if count and venue == "binance")
        assert all(opened > 150 for venue, opened, _, count in found if count and venue == "kraken")


def test_too_few_points_for_the_changes_of_market_are_refused(delisted: Lake) -> None:
    with pytest.raises(QueryError, match="changes 1 times"):
        read_history(delisted, question("price", interval="1h", n_points=4))


def test_pages_of_a_cursor_keep_their_markets_whatever_comes_meanwhile(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[*binance(range(6)), *kraken(range(24))])
    reader = lake.open(str(tmp_path))
    query = question("price", interval="1h", limit=5)
    first = read_history(reader, query)
    builder.append("gold_price", binance(range(6, 24)))
    rest = list(pages(reader, replace(query, cursor=first.next)))
    found = [row for page in reversed([first, *rest]) for row in points(page, "venue")]
    assert found == [("binance",)] * 6 + [("kraken",)] * 17


def test_cursor_of_a_range_with_many_changes_holds_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned_markets, "MAX_PARTS_IN_CURSOR", 1)
    build_lake(tmp_path, price=[*binance(range(6)), *kraken(range(24))])
    answered = list(pages(lake.open(str(tmp_path)), question("price", interval="1h", limit=5)))
    found = [row for page in reversed(answered) for row in points(page, "venue")]
    assert found == [("binance",)] * 6 + [("kraken",)] * 17


def test_latest_price_is_that_of_the_market_that_is_left(delisted: Lake) -> None:
    whole = TimeRange(to_us(DAY_START), to_us(DAY_END))
    assert read_latest(delisted, PRICE, ["btc"], whole, columns=("venue", "price")) == {
        "btc": ("kraken", 223.0)
    }


def test_forecast_comes_to_the_price_of_the_market_that_it_was_made_of(tmp_path: Path) -> None:
    def forecast(made: float, horizon: timedelta, quote: str) -> dict[str, Any]:
        return {"made_at": hour(made), "target_time": hour(made) + horizon, "quote": quote}

    quarter = timedelta(minutes=15)
    build_lake(
        tmp_path,
        price=[*binance(range(6)), *kraken(range(24))],
        prediction=[
            forecast(4, quarter, "usdt"),
            forecast(4, quarter, "usd"),
            forecast(4, quarter + 6 * HOUR, "usdt"),
            forecast(7, quarter, "usd"),
            forecast(8, quarter, "usd"),
        ],
    )
    page = read_history(lake.open(str(tmp_path)), question("prediction"))
    assert points(page, "realised_price") == [(104.0,), (None,), (None,), (None,), (208.0,)]


def test_another_asset_begins_anew(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        price=[*binance(range(24)), *kraken(range(24))],
        prediction=[
            {"made_at": hour(9), "target_time": hour(9.25), "quote": "usdt"},
            {"made_at": hour(9), "target_time": hour(10.25), "quote": "usdt"},
            {"made_at": hour(10.5), "target_time": hour(11.25), "quote": "usd"},
        ],
    )
    edge_us = to_us(hour(10))
    assets = (Asset(0, edge_us), Asset(edge_us, name="new", venues=("kraken",)))
    rules = MarketRules(symbols={"btc": SymbolRules(assets=assets)})
    reader = Lake(lake.open(str(tmp_path)).location, market_rules=rules)

    days = read_history(reader, question("price", interval="1d"))
    hours = read_history(reader, question("price", interval="4h"))
    forecasts = read_history(reader, question("prediction"))

    assert points(days, "venue", "count", "complete") == [("kraken", 14, False)]
    assert points(hours, "venue", "count", "complete") == [
        ("binance", 4, True),
        ("binance", 4, True),
        ("kraken", 2, False),
        ("kraken", 4, True),
        ("kraken", 4, True),
        ("kraken", 4, False),
    ]
    assert points(forecasts, "realised_price") == [(109.0,), (None,), (211.0,)]
    assert [part.asset.name for part in hours.market_parts] == [None, "new"]


VENUES = ("binance", "kraken", "other")


def draw_prices(draw: random.Random) -> list[dict[str, Any]]:
    """Return prices of three markets over three days, but for hours of silence; some arrive late."""
    silent = {
        (venue, at)
        for venue, start, n in (
            (draw.choice(VENUES), draw.randrange(76), draw.choice([1, 1, 2, 12]))
            for _ in range(draw.randrange(7))
        )
        for at in range(start, start + n)
    }
    starts = {venue: draw.choice([0, 0, 5, 30]) for venue in VENUES}
    rows = [
        {
            "event_time": hour(at + draw.choice([0, 0.25, 0.5, 0.999])),
            "venue": venue,
            "price": round(draw.uniform(1, 100), 3),
            "base_volume": draw.choice([None, 0.0, 1.5]),
        }
        for at in range(76)
        for venue, start in starts.items()
        if at >= start and (venue, at) not in silent
    ]
    late = [row for row in rows if draw.random() < 0.05]
    return [row for row in rows if row not in late] + late


def draw_question(draw: random.Random) -> HistoryQuery:
    begin = DAY_START + timedelta(minutes=draw.randrange(76 * 60))
    end = begin + timedelta(minutes=draw.randrange(1, 76 * 60))
    interval, limit = draw.choice([RAW, *BUCKET_WIDTHS_US]), draw.randrange(3, 90)
    return question("price", interval=interval, start=begin, end=end, limit=limit)


@pytest.fixture(autouse=True, scope="module")
def _rollups_always_pay() -> Iterator[None]:
    with patch.object(file_sources, "MIN_ROLLUP_SPEEDUP", 0):
        yield


@pytest.mark.parametrize("seed", range(sized(quick=4, full=12, soak=200)))
def test_every_way_of_reading_gives_the_primary_markets_of_plain_loops(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    rows, builder = draw_prices(draw), LakeBuilder(tmp_path)
    n_rolled = draw.randrange(len(rows))
    builder.append("gold_price", rows[:n_rolled])
    refresh_rollups(lake.open(str(tmp_path)))
    holder = lake.open(str(tmp_path), columns_budget_bytes=COLUMNS_BUDGET_BYTES)
    read_history(holder, question("price"))
    builder.append("gold_price", rows[n_rolled:])
    for query in [draw_question(draw) for _ in range(6)]:
        for reader in (lake.open(str(tmp_path)), holder):
            assert_plain(reader, query)


def assert_plain(reader: Lake, query: HistoryQuery) -> None:
    answered = list(pages(reader, query))
    every = read_ticks(reader, query.symbol)
    assert len({tuple(page.market_parts) for page in answered}) == 1
    if query.is_raw:
        expected = plain_rows(every, query)
        found = [row for page in reversed(answered) for row in points(page, "event_time", "venue", "price")]
        assert found == expected
        stream = stream_history(reader, query)
        streamed = [row for part in stream.slices for row in part]
        assert [(row[0], row[1], row[3]) for row in streamed] == expected[-query.limit :]
        assert stream.n_rows == min(query.limit, len(expected))
        return
    found = [row[:-2] for page in reversed(answered) for row in page.rows]
    assert [row[:5] + row[6:] for row in found] == [row[:5] + row[6:] for row in plain_candles(every, query)]
