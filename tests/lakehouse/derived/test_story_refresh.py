"""The table of stories: each text once, whoever refreshes, and whatever is killed or compacted meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from compaction.rewriting.compact import compact_lake
from lakehouse import lake
from lakehouse.derived import story_refresh
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.lake import Lake
from tests.support.lake_builder import LakeBuilder, at, build_lake
from tests.support.live_stream import TITLES

COLUMNS = ("symbol", "message_id", "story_id", "story_time", "title", "score", "label", "kafka_offset")


class CrashError(Exception):
    """The process dies here."""


def text(number: int, **changed: Any) -> dict[str, Any]:
    """Return one of the texts of many stories, of two symbols, some without a score."""
    return {
        "symbol": ("btc", "eth")[number % 2],
        "event_time": at(hours=number * 7 % 60),
        "title": TITLES[number % len(TITLES)],
        "score": None if number % 5 == 0 else 0.25,
        "source": ("wire", "post")[number % 3 == 0],
        **changed,
    }


def stories(reader: Lake) -> list[tuple[Any, ...]]:
    rows = reader.table("gold_story").arrow().sort_by("kafka_offset").to_pylist()
    return [tuple(row[name] for name in COLUMNS) for row in rows]


@contextmanager
def around_commits(act: Callable[[Callable[[], int], int], int]) -> Iterator[None]:
    """Wrap every commit of a refresh: (the commit, how many there were before) -> its version."""
    real, seen, busy = story_refresh.append, 0, False

    def appended(*arguments: Any, **named: Any) -> int:
        nonlocal seen, busy
        if busy:  # the refresh of somebody else, meanwhile
            return real(*arguments, **named)
        n_before, seen, busy = seen, seen + 1, True
        try:
            return act(lambda: real(*arguments, **named), n_before)
        finally:
            busy = False

    with patch.object(story_refresh, "append", appended):
        yield


@pytest.fixture
def expected(tmp_path: Path) -> list[tuple[Any, ...]]:
    """Stories of forty texts in one refresh."""
    build_lake(tmp_path / "whole", sentiment=[text(number) for number in range(40)])
    reader = lake.open(str(tmp_path / "whole"))
    refresh_stories(reader)
    return stories(reader)


def test_second_refresh_commits_nothing(tmp_path: Path) -> None:
    build_lake(tmp_path, sentiment=[text(0), text(1)])
    reader = lake.open(str(tmp_path))
    first, second = refresh_stories(reader), refresh_stories(reader)
    assert first is not None
    assert second is not None
    assert (first.n_texts, first.n_stories, first.n_commits) == (2, 2, 1)
    assert (second.n_texts, second.n_commits, second.position) == (0, 0, first.position)


def test_position_moves_past_messages_that_became_no_row(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    builder.skip_offsets("gold_sentiment", 5)
    builder.append("gold_sentiment", [])
    report = refresh_stories(lake.open(str(tmp_path)))
    assert report is not None
    assert (report.n_texts, report.position.to_json()) == (0, {"TopicSentiment": [5]})


@pytest.mark.parametrize("offsets_per_commit", [1, 3, 7, 1_000])
def test_any_cut_into_commits_says_the_same(
    tmp_path: Path, expected: list[tuple[Any, ...]], offsets_per_commit: int
) -> None:
    builder = build_lake(tmp_path / "cut")
    for start in range(0, 40, 8):
        builder.append("gold_sentiment", [text(number) for number in range(start, start + 8)])
        refresh_stories(lake.open(str(builder.path)), offsets_per_commit=offsets_per_commit)
        compact_lake(builder.location, wait_for_late_rows=False)
    assert stories(lake.open(str(builder.path))) == expected


@pytest.mark.parametrize("is_after", [False, True])
def test_refresh_that_was_killed_goes_on_where_its_last_commit_ended(
    tmp_path: Path, expected: list[tuple[Any, ...]], is_after: bool
) -> None:
    build_lake(tmp_path / "killed", sentiment=[text(number) for number in range(40)])

    def crash(commit: Callable[[], int], n_commits: int) -> int:
        if n_commits == 2 and not is_after:
            raise CrashError
        version = commit()
        if n_commits == 2:
            raise CrashError
        return version

    with around_commits(crash), pytest.raises(CrashError):
        refresh_stories(lake.open(str(tmp_path / "killed")), offsets_per_commit=6)
    reader = lake.open(str(tmp_path / "killed"))
    refresh_stories(reader)
    assert stories(reader) == expected


def test_refresher_that_comes_second_loses_its_commit_and_reads_again(
    tmp_path: Path, expected: list[tuple[Any, ...]]
) -> None:
    build_lake(tmp_path / "raced", sentiment=[text(number) for number in range(40)])
    other = lake.open(str(tmp_path / "raced"))

    def interrupt(commit: Callable[[], int], n_commits: int) -> int:
        if n_commits == 1:
            refresh_stories(other)
        return commit()

    reader = lake.open(str(tmp_path / "raced"))
    with around_commits(interrupt):
        report = refresh_stories(reader, offsets_per_commit=9)
    assert report is not None
    assert report.n_texts == 9
    assert stories(reader) == expected


def test_refreshers_at_once_assign_each_text_once(tmp_path: Path, expected: list[tuple[Any, ...]]) -> None:
    build_lake(tmp_path / "many", sentiment=[text(number) for number in range(40)])
    readers = [lake.open(str(tmp_path / "many")) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda reader: refresh_stories(reader, offsets_per_commit=7), readers))
    assert stories(readers[0]) == expected


def test_a_recreated_topic_begins_stories_anew(tmp_path: Path) -> None:
    builder: LakeBuilder = build_lake(tmp_path, sentiment=[text(2, message_id="btc:1:a")])
    builder.recreate_topic("gold_sentiment")
    builder.append("gold_sentiment", [text(2, message_id="btc:1:b")])
    reader = lake.open(str(tmp_path))
    refresh_stories(reader)
    assert {(row[1], row[2]) for row in stories(reader)} == {("btc:1:a", "btc:1:a"), ("btc:1:b", "btc:1:b")}
