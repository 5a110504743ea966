"""One question about many symbols is the same question about each, of one snapshot."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.page import HistoryQuery, read_histories, read_history
from lakehouse.series.buckets import RAW, Filling
from tests.support.history_queries import DAY_END, DAY_START, question
from tests.support.live_stream import SYMBOLS, Pipeline, make_stream
from tests.support.profiles import sized

pytestmark = pytest.mark.lake
NOON = DAY_START + timedelta(hours=12)


def shapes() -> Iterator[HistoryQuery]:
    start = DAY_START - timedelta(days=2)
    for series in ("sentiment", "price", "prediction"):
        yield question(series, start=start, limit=5)
        yield question(series, start=start, limit=1000, n_points=4, whole=True)
    for series in ("sentiment", "price"):
        for interval in ("5m", "1h", "1d"):
            yield question(series, start=start, interval=interval, limit=7)
        yield question(series, start=start, interval="1h", filling=Filling.PREVIOUS)
    yield question("prediction", start=start, end=DAY_END + timedelta(days=1), axis="target_time")


@pytest.mark.parametrize("seed", range(sized(quick=2, full=5, soak=20)))
@pytest.mark.parametrize("budget_bytes", [0, 50_000_000])
def test_the_answer_of_many_is_the_answers_of_each_at_one_snapshot(
    tmp_path: Path, seed: int, budget_bytes: int
) -> None:
    draw = random.Random(seed)
    stream = make_stream(seed, 160, start=NOON)
    in_gold = draw.randrange(1, len(stream))
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[: in_gold // 2 + 1])
    refresh_rollups(pipeline.reader(with_tail=False))
    pipeline.ingest(stream[in_gold // 2 + 1 : in_gold])
    pipeline.follow(stream)
    reader = pipeline.reader(with_tail=True, columns_budget_bytes=budget_bytes)
    for shape in shapes():
        queries = [replace(shape, symbol=symbol) for symbol in (*SYMBOLS, "nobody")]
        together = read_histories(reader, queries)
        for query, page in zip(queries, together, strict=True):
            alone = read_history(reader, query)
            assert (page.columns, page.rows, page.next) == (alone.columns, alone.rows, alone.next)
            assert (page.market_parts, page.n_read) == (alone.market_parts, alone.n_read)
            assert page.positions == together[0].positions == alone.positions


def test_rows_that_come_meanwhile_are_in_every_series_or_in_none(tmp_path: Path) -> None:
    stream = make_stream(3, 120, start=NOON)
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[:40])
    pipeline.follow(stream[:80])
    reader = pipeline.reader(with_tail=True)
    queries = [replace(question("price", interval=RAW), symbol=symbol) for symbol in SYMBOLS]
    expected = [page.rows for page in read_histories(reader, queries)]
    pages, pinned_of = [], reader.snapshots

    def pin_and_go_on(*arguments: object, **named: object) -> object:
        snapshots = pinned_of(*arguments, **named)  # type: ignore[arg-type]
        pipeline.follow(stream[80:])
        return snapshots

    reader.snapshots = pin_and_go_on  # type: ignore[method-assign,assignment]
    pages = [page.rows for page in read_histories(reader, queries)]
    assert pages == expected
