"""What was known at an instant: the answer that was given then, whenever it is asked for."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from compaction.rewriting.compact import compact_lake
from lakehouse import lake
from lakehouse.delta.table import append
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.knowledge import Exclusion, read_exclusions
from lakehouse.history.page import HistoryPage, HistoryQuery, read_histories, read_history
from lakehouse.history.stream import stream_history
from lakehouse.lake import Lake
from lakehouse.schema.tables import CORRECTIONS
from lakehouse.series.buckets import Filling
from lakehouse.time_range import to_us
from tests.support.history_queries import DAY_END, DAY_START, pages, points, question
from tests.support.lake_builder import at, build_lake
from tests.support.live_stream import SYMBOLS, Pipeline, make_stream
from tests.support.profiles import sized

pytestmark = pytest.mark.lake
NOON = DAY_START + timedelta(hours=12)


def shapes() -> Iterator[HistoryQuery]:
    earlier = DAY_START - timedelta(days=2)
    for symbol in SYMBOLS:
        for series in ("sentiment", "price", "prediction"):
            yield question(series, symbol=symbol, start=earlier, limit=7)
            yield question(series, symbol=symbol, start=earlier, limit=1000, n_points=5, whole=True)
            yield question(series, symbol=symbol, start=DAY_START - timedelta(days=20), limit=10_000)
        for series in ("sentiment", "price"):
            for interval in ("1m", "15m", "1h", "1d"):
                yield question(series, symbol=symbol, start=earlier, interval=interval, limit=20)
            yield question(
                series, symbol=symbol, start=earlier, interval="1h", filling=Filling.LINEAR, limit=30
            )
        yield question("prediction", symbol=symbol, start=earlier, end=DAY_END, axis="target_time")


def shown(page: HistoryPage) -> tuple[Any, ...]:
    return page.columns, page.rows, page.market, page.market_parts, page.n_read, page.retained_from_us


def answers(reader: Lake, now_us: int, known_at_us: int | None = None) -> list[Any]:
    found: list[Any] = []
    for shape in shapes():
        query = replace(shape, as_of_us=now_us, known_at_us=known_at_us)
        found.append([shown(page) for page in pages(reader, query)])
        if query.limit == 10_000:
            stream = stream_history(reader, query)
            found.append((list(stream.slices), stream.fingerprint, stream.n_rows))
    return found


@pytest.mark.parametrize("seed", range(sized(quick=2, full=5, soak=25)))
def test_what_was_known_is_what_was_answered_then(tmp_path: Path, seed: int) -> None:
    """However much of it was in gold then, and whatever came, was folded, compacted or followed since."""
    draw = random.Random(seed)
    stream = make_stream(seed, 150, start=NOON)
    asked_after = draw.randrange(1, len(stream))
    in_gold = draw.randrange(asked_after)
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[: in_gold // 2])
    refresh_rollups(pipeline.reader(with_tail=False))
    pipeline.ingest(stream[in_gold // 2 : in_gold])
    pipeline.follow(stream[:asked_after])
    known_at_us = stream[asked_after - 1].message.broker_time_us
    then = answers(pipeline.reader(with_tail=True), known_at_us)

    for step in (in_gold + (len(stream) - in_gold) // 2, len(stream)):
        pipeline.follow(stream[asked_after:step])
        with_tail = pipeline.reader(with_tail=True, columns_budget_bytes=draw.choice([0, 50_000_000]))
        assert answers(with_tail, known_at_us, known_at_us) == then
        pipeline.ingest(stream[in_gold:step])
        in_gold = step
        refresh_rollups(pipeline.reader(with_tail=False))
        if draw.random() < 0.5:
            compact_lake(pipeline.location, wait_for_late_rows=False)
    for budget in (0, 50_000_000):
        gold_alone = pipeline.reader(with_tail=False, columns_budget_bytes=budget)
        assert answers(gold_alone, known_at_us, known_at_us) == then


def test_many_symbols_are_cut_at_one_instant(tmp_path: Path) -> None:
    stream = make_stream(5, 120, start=NOON)
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[:60])
    pipeline.follow(stream)
    known_at_us = stream[80].message.broker_time_us
    reader = pipeline.reader(with_tail=True)
    shape = replace(question("price"), known_at_us=known_at_us, as_of_us=known_at_us)
    queries = [replace(shape, symbol=symbol) for symbol in SYMBOLS]
    together = [shown(page) for page in read_histories(reader, queries)]
    assert together == [shown(read_history(reader, query)) for query in queries]


def test_late_row_was_not_known_before_the_broker_had_it(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{"event_time": at(), "price": 1.0}])
    builder.append("gold_price", [{"event_time": at(minutes=-3), "broker_time": at(hours=2), "price": 9.0}])
    reader = lake.open(str(tmp_path))

    def prices(known_at: int | None) -> list[tuple[float]]:
        return points(read_history(reader, replace(question("price"), known_at_us=known_at)), "price")

    assert prices(to_us(at()) - 1) == []
    assert prices(to_us(at())) == [(1.0,)]
    assert prices(to_us(at(hours=2)) - 1) == [(1.0,)]
    assert prices(to_us(at(hours=2))) == prices(None) == [(9.0,), (1.0,)]


def test_row_behind_a_later_one_of_its_partition_is_left_out(tmp_path: Path) -> None:
    """A producer's own times need not ascend: nothing is shown that came after what was not known yet."""
    build_lake(
        tmp_path,
        price=[
            {"event_time": at(minutes=1), "broker_time": at(minutes=1), "price": 1.0},
            {"event_time": at(minutes=2), "broker_time": at(hours=5), "price": 2.0},
            {"event_time": at(minutes=3), "broker_time": at(minutes=3), "price": 3.0},
            {"event_time": at(minutes=4), "broker_time": at(minutes=4), "price": 4.0, "kafka_partition": 1},
        ],
    )
    query = replace(question("price"), known_at_us=to_us(at(hours=1)))
    assert points(read_history(lake.open(str(tmp_path)), query), "price") == [(1.0,), (4.0,)]


def test_exclusions_since_are_told(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, price=[{}, {"event_time": at(minutes=1)}])
    excluded = [(0, at(minutes=-9)), (1, at(hours=1)), (7, at(hours=1))]
    rows = [
        {
            "topic": "raw-price",
            "topic_id": "TopicPrice",
            "kafka_partition": 0,
            "kafka_offset": offset,
            "reason": "wrong",
            "excluded_by": "op",
            "excluded_time": time,
        }
        for offset, time in excluded
    ]
    table = builder.open(CORRECTIONS.name)
    append(
        table,
        CORRECTIONS,
        pa.Table.from_pylist(rows, schema=CORRECTIONS.to_arrow_schema()),
        expected={},
        advanced={},
    )
    reader = lake.open(str(tmp_path))
    page = read_history(reader, replace(question("price"), known_at_us=to_us(at(minutes=5))))
    assert read_exclusions(reader, page.positions, to_us(at(minutes=5))) == [
        Exclusion("TopicPrice", 0, 1, to_us(at(hours=1)))
    ]
