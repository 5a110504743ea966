"""The one promise of the tail: an answer from gold and the tail is what gold alone says once it has come so far."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.history.page import HistoryQuery, read_history
from lakehouse.history.stream import stream_history
from lakehouse.lake import Lake
from tests.support.history_queries import DAY_END, DAY_START, pages, question
from tests.support.live_stream import SYMBOLS, Pipeline, make_stream
from tests.support.profiles import sized

NOON = DAY_START + timedelta(hours=12)
BUDGETS = (0, 50_000_000)


def all_questions() -> Iterator[HistoryQuery]:
    earlier = DAY_START - timedelta(days=2)
    for symbol in SYMBOLS:
        for series in ("sentiment", "price", "prediction"):
            yield question(series, symbol=symbol, start=earlier, limit=7)
            yield question(series, symbol=symbol, start=DAY_START - timedelta(days=20), limit=1000)
        for series in ("sentiment", "price"):
            for interval in ("1m", "15m", "1h", "1d"):
                yield question(series, symbol=symbol, start=earlier, interval=interval, limit=20)
        for interval in ("15m", "1d"):
            yield question(
                "sentiment", symbol=symbol, start=earlier, interval=interval, limit=20, by_story=True
            )
        yield question(
            "prediction", symbol=symbol, start=earlier, end=DAY_END + timedelta(days=1), axis="target_time"
        )
        yield question("sentiment", symbol=symbol, limit=10_000)


def answers(reader: Lake) -> list[Any]:
    found: list[Any] = []
    for query in all_questions():
        found.append([(page.columns, page.rows, page.market) for page in pages(reader, query)])
        if query.limit == 10_000:
            stream = stream_history(reader, query)
            found.append((list(stream.slices), stream.fingerprint, stream.n_rows))
    return found


@pytest.mark.parametrize("seed", range(sized(quick=2, full=5, soak=100)))
def test_an_answer_with_the_tail_is_what_gold_says_after_its_commit(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    stream = make_stream(seed, 160, start=NOON)
    in_gold = draw.randrange(len(stream))
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[: in_gold // 2])
    if draw.random() < 0.7:
        refresh_rollups(pipeline.reader(with_tail=False))
    if draw.random() < 0.7:
        refresh_stories(pipeline.reader(with_tail=False), offsets_per_commit=draw.choice((3, 1_000)))
    pipeline.ingest(stream[in_gold // 2 : in_gold])
    pipeline.follow(stream)
    before = [answers(pipeline.reader(with_tail=True, columns_budget_bytes=budget)) for budget in BUDGETS]

    pipeline.ingest(stream[in_gold:])

    for budget, with_tail in zip(BUDGETS, before, strict=True):
        assert with_tail == answers(pipeline.reader(with_tail=False, columns_budget_bytes=budget))
        assert with_tail == answers(pipeline.reader(with_tail=True, columns_budget_bytes=budget))


@pytest.mark.parametrize("seed", range(sized(quick=1, full=2, soak=40)))
def test_a_reader_that_lives_on_says_the_same_however_commits_and_the_tail_interleave(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    stream = make_stream(seed, 120, start=NOON)
    pipeline = Pipeline(tmp_path)
    living = [pipeline.reader(with_tail=True, columns_budget_bytes=budget) for budget in BUDGETS]
    in_gold = followed = 0
    while followed < len(stream):
        step = followed + draw.randrange(1, 40)
        pipeline.follow(stream[followed:step])
        followed = min(step, len(stream))
        if draw.random() < 0.6:
            step = draw.randrange(in_gold, followed + 1)
            pipeline.ingest(stream[in_gold:step])
            in_gold = step
            if draw.random() < 0.5:
                refresh_stories(pipeline.reader(with_tail=False))
        whole = Pipeline(tmp_path / f"at-{followed}")
        whole.ingest(stream[:followed])
        expected = answers(whole.reader(with_tail=False))
        for reader in living:
            assert answers(reader) == expected


def test_pages_of_a_cursor_go_on_over_a_commit_and_without_the_tail(tmp_path: Path) -> None:
    stream = make_stream(7, 150, start=NOON)
    pipeline = Pipeline(tmp_path)
    pipeline.ingest(stream[:60])
    pipeline.follow(stream[:120])
    reader = pipeline.reader(with_tail=True)
    query = question("sentiment", limit=3)
    whole = [row for page in reversed(list(pages(reader, query))) for row in page.rows]

    first = read_history(reader, query)
    pipeline.ingest(stream[60:])
    pipeline.follow(stream[120:])
    rest = list(pages(pipeline.reader(with_tail=False), replace(query, cursor=first.next)))

    assert [row for page in reversed([first, *rest]) for row in page.rows] == whole
