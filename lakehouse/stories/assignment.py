"""Assignment of texts to stories: a text tells the story of a first text that it is a near-duplicate of, or its own.

Texts of one symbol and one Kafka partition are compared, in the order of their offsets: with the first texts of stories
alone, so that a story does not drift, and with those of lower offsets alone, so that an assignment never changes. It is
a pure function of the partition's rows: batches, replays and late texts do not matter.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from lakehouse.schema.story_table import WINDOW_US
from lakehouse.stories.headline import Headline, read_headline
from lakehouse.stories.similarity import MIN_JACCARD, similarity

_ANY_US = 2**62

_Log = tuple[str, str, int]
"""(symbol, topic id, partition)"""


class Text(NamedTuple):
    """One row of gold_sentiment, as far as stories need it. Times are epoch microseconds."""

    symbol: str
    topic_id: str
    partition: int
    offset: int
    time_us: int
    message_id: str
    title: str | None
    is_scored: bool


class Assignment(NamedTuple):
    """Story of a text. ``counts`` marks the text that the story is counted at: its first one with a score."""

    story_id: str
    story_time_us: int
    is_first: bool
    counts: bool


class Known(NamedTuple):
    """One row of gold_story. ``title`` is that of a story's first text; ``counts`` marks a row with a score."""

    symbol: str
    topic_id: str
    partition: int
    offset: int
    time_us: int
    story_id: str
    is_first: bool
    title: str | None
    counts: bool


@dataclass(frozen=True, slots=True, eq=False)
class _First:
    """First text of a story."""

    offset: int
    time_us: int
    story_id: str
    headline: Headline


@dataclass(slots=True, eq=False)
class _Stories:
    """First texts of one symbol and partition, found by the words that they share."""

    firsts: list[_First] = field(default_factory=list)
    by_word: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    """Places in ``firsts`` by time, in widths of the window, and word."""

    def add(self, first: _First) -> None:
        block = first.time_us // WINDOW_US
        for word in first.headline.words:
            self.by_word.setdefault((block, word), []).append(len(self.firsts))
        self.firsts.append(first)

    def find(self, headline: Headline, time_us: int, offset: int) -> _First | None:
        """Return the most similar first text of a lower offset within the window; of equal ones the lowest offset."""
        best: tuple[float, int] = (0.0, 0)
        found = None
        for first in self._candidates(headline, time_us // WINDOW_US):
            if first.offset < offset and abs(first.time_us - time_us) <= WINDOW_US:
                candidate = (similarity(first.headline, headline), -first.offset)
                if candidate[0] and (found is None or candidate > best):
                    best, found = candidate, first
        return found

    def _candidates(self, headline: Headline, block: int) -> Iterator[_First]:
        """Yield the first texts that share enough words. The most common words are not looked up, but allowed for."""
        words = headline.words
        n_needed = ceil(len(words) * MIN_JACCARD)
        n_left_out = n_needed // 2
        for near in (block - 1, block, block + 1):
            counts: Counter[int] = Counter()
            for places in sorted((self.by_word.get((near, word), []) for word in words), key=len)[
                : len(words) - n_left_out
            ]:
                counts.update(places)
            yield from (self.firsts[at] for at, n in counts.items() if n >= n_needed - n_left_out)


class Assigner:
    """Assigns texts one after the other.

    ``known`` are the rows of gold_story within REACH_US of them, in any order; ``between_us`` are the texts' first and
    last times: a first text further than the window from both is no story of theirs, and is not read.
    """

    def __init__(self, known: Iterable[Known] = (), between_us: tuple[int, int] | None = None) -> None:
        least_us, most_us = between_us or (-_ANY_US, _ANY_US)
        self._stories: dict[_Log, _Stories] = {}
        self._counted: dict[str, int] = {}
        for row in known:
            if row.is_first and least_us - WINDOW_US <= row.time_us <= most_us + WINDOW_US:
                headline = read_headline(row.title or "")
                self._add(row[:3], _First(row.offset, row.time_us, row.story_id, headline))
            if row.counts:
                self._counted[row.story_id] = min(row.offset, self._counted.get(row.story_id, row.offset))

    def assign(self, text: Text) -> Assignment:
        """Return the story of the next text; those of a partition come in the order of their offsets."""
        log, headline = text[:3], read_headline(text.title or "")
        first = self._stories.setdefault(log, _Stories()).find(headline, text.time_us, text.offset)
        is_first = first is None
        if first is None:
            first = _First(text.offset, text.time_us, text.message_id, headline)
            self._add(log, first)
        counts = text.is_scored and self._counted.get(first.story_id, text.offset) >= text.offset
        if counts:
            self._counted[first.story_id] = text.offset
        return Assignment(first.story_id, first.time_us, is_first, counts)

    def _add(self, log: _Log, first: _First) -> None:
        if first.headline.words:
            self._stories.setdefault(log, _Stories()).add(first)
