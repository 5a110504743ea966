"""An overview says of each symbol what histories say, however commits, the tail and the clock interleave."""

import random
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compaction.rewriting.compact import compact_lake
from lakehouse import lake
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.overview.overview import Overview
from lakehouse.overview.rows import OverviewRow
from lakehouse.series.markets import Market
from lakehouse.time_range import MINUTE_US, to_us
from tests.support.history_queries import DAY_END, DAY_START
from tests.support.lake_builder import LakeBuilder, at, build_lake
from tests.support.live_stream import Pipeline
from tests.support.overview_stream import make_overview_stream, plain_row
from tests.support.profiles import sized

pytestmark = pytest.mark.lake
START = DAY_START + timedelta(hours=12, seconds=10)


def figures(row: OverviewRow) -> dict[str, Any]:
    return {
        "price": row.price,
        "event_us": row.time_us,
        "market": row.market,
        "n_texts": row.n_texts,
        "sentiment": row.sentiment if row.sentiment is None else pytest.approx(row.sentiment, abs=1e-12),
        "sentiment_change": row.sentiment_change
        if row.sentiment_change is None
        else pytest.approx(row.sentiment_change, abs=1e-12),
        "forecast": None if row.forecast is None else astuple(row.forecast),
        "changes": list(row.changes),
        "sparkline": list(row.sparkline),
    }


def assert_is_what_histories_say(overview: Overview, reader: Lake, now_us: int) -> None:
    answer = overview.read(now_us)
    assert answer.rows
    for symbol, row in answer.rows.items():
        assert plain_row(reader, symbol, answer.end_us) == figures(row), symbol


@pytest.mark.parametrize("seed", range(sized(quick=3, full=8, soak=40)))
def test_rows_are_what_histories_say_however_commits_the_tail_and_the_clock_interleave(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    stream = make_overview_stream(seed, 160, start=START)
    pipeline = Pipeline(tmp_path)
    reader = pipeline.reader(with_tail=True)
    living, gold_alone = Overview(reader), Overview(pipeline.reader(with_tail=False))
    in_gold = followed = 0
    now_us = to_us(START)
    while followed < len(stream):
        step = followed + draw.randrange(1, 50)
        pipeline.follow(stream[followed:step])
        followed = min(step, len(stream))
        if draw.random() < 0.5:
            step = draw.randrange(in_gold, followed + 1)
            pipeline.ingest(stream[in_gold:step])
            in_gold = step
        if draw.random() < 0.2:
            compact_lake(pipeline.location, wait_for_late_rows=False)
        now_us += draw.choice([0, MINUTE_US, 59 * MINUTE_US, 61 * MINUTE_US])
        assert_is_what_histories_say(living, reader, now_us)
        if in_gold:
            assert_is_what_histories_say(gold_alone, pipeline.reader(with_tail=False), now_us)
    pipeline.tail.withdraw("kafka")
    assert_is_what_histories_say(living, pipeline.reader(with_tail=False), now_us)
    assert_is_what_histories_say(living, pipeline.reader(with_tail=False), now_us - 3 * MINUTE_US)


def test_row_states_price_changes_sparkline_texts_and_range(tmp_path: Path) -> None:
    prices = [(-7 * 24 * 60 - 1, 50.0), (-24 * 60 - 1, 80.0), (-61, 100.0), (0, 110.0)]
    build_lake(
        tmp_path,
        price=[{"event_time": at(minutes=minutes), "price": price} for minutes, price in prices],
        sentiment=[
            {"event_time": at(hours=-30), "score": -0.25},
            {"event_time": at(hours=-1), "score": 0.5},
            {"event_time": at(hours=-1), "score": None, "label": "unscored"},
        ],
        prediction=[
            {
                "made_at": at(minutes=-5),
                "target_time": at(hours=24, minutes=-5),
                "horizon": "24h",
                "lower": 7.0,
            },
            {"made_at": at(minutes=-1), "target_time": at(minutes=59)},
        ],
    )
    row = Overview(lake.open(str(tmp_path))).read(to_us(at(seconds=1))).rows["btc"]
    assert (row.price, row.market, row.time_us) == (110.0, Market("simx", "usd"), to_us(at()))
    assert row.changes == pytest.approx((0.1, 0.375, 1.2))
    assert row.sparkline == (*[None] * 21, 100.0, None, 110.0)
    assert (row.sentiment, row.sentiment_change, row.n_texts) == (0.5, 0.75, 1)
    assert row.forecast is not None
    assert (row.forecast.lower, row.forecast.upper, row.forecast.coverage) == (7.0, 110.0, 0.9)


def test_change_between_two_markets_is_unknown(tmp_path: Path) -> None:
    build_lake(
        tmp_path,
        price=[
            {"event_time": at(hours=-25), "venue": "simx", "price": 50.0},
            *({"event_time": at(hours=-hour), "venue": "other", "price": 60.0} for hour in range(3)),
        ],
    )
    row = Overview(lake.open(str(tmp_path))).read(to_us(at(seconds=1))).rows["btc"]
    assert (row.price, row.market) == (60.0, Market("other", "usd"))
    assert row.changes == (0.0, None, None)


def test_symbol_without_prices_has_its_texts_alone(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[{"symbol": "market", "event_time": at(hours=-1)}])
    row = Overview(lake.open(str(tmp_path))).read(to_us(at())).rows["market"]
    assert (row.price, row.market, row.changes, row.n_texts) == (None, None, (None, None, None), 1)
    assert row.sparkline == (None,) * 24


def test_rows_that_an_operator_takes_out_are_left_out(tmp_path: Path) -> None:
    builder: LakeBuilder = build_lake(tmp_path, price=[{"event_time": at(), "price": 1.0}])
    builder.append("gold_price", [{"event_time": at(minutes=1), "price": 9.0}])
    reader = lake.open(str(tmp_path))
    overview, now_us = Overview(reader), to_us(at(minutes=2))
    assert overview.read(now_us).rows["btc"].price == 9.0
    builder.open("gold_price").delete("price = 9.0")
    assert overview.read(now_us).rows["btc"].price == 1.0
    builder.append("gold_price", [{"event_time": at(minutes=1), "price": 5.0}])
    assert overview.read(now_us).rows["btc"].price == 5.0


def test_row_that_did_not_change_is_the_same_object(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{"symbol": "btc"}, {"symbol": "eth"}])
    overview, now_us = Overview(lake.open(str(tmp_path))), to_us(at(minutes=1))
    first = overview.read(now_us).rows
    builder.append("gold_price", [{"symbol": "eth", "event_time": at(seconds=9), "price": 7.0}])
    second = overview.read(now_us).rows
    assert second["btc"] is first["btc"]
    assert (first["eth"].price, second["eth"].price) == (100.0, 7.0)


def test_lake_without_gold_tables_is_not_there_yet(tmp_path: Path) -> None:
    LakeBuilder(tmp_path)
    with pytest.raises(LakeNotFoundError):
        Overview(lake.open(str(tmp_path))).read(to_us(DAY_END))
