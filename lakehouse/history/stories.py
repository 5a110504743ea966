"""Stories of a question about sentiments: of its rows, and in place of texts in its buckets.

A story is a pure function of the rows before a position: gold_story holds it, and what that lacks is assigned here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lakehouse.errors import StoriesBehindError
from lakehouse.history.pinning import PinnedQuery
from lakehouse.schema.story_table import GOLD_STORY, REACH_US, WINDOW_US
from lakehouse.series.definitions import STORY
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.history.sources import Stores

STORY_COLUMNS = ("story_id", "n_sources")
"""What rows of sentiments gain: the story that a text tells, and how many sources have told it so far."""
_NO_STORY = (None, None)
_MEMBER_COLUMNS = ("message_id", "story_id", "story_time", "source")
_MEMBERS = """
SELECT message_id, story_id, epoch_us(story_time), source
FROM {rows}
WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND {column} IN (SELECT unnest($ids))
"""

# What the rows of a range say of stories: the stories that they tell, and by how many sources each is told.
_FINGERPRINT = """
SELECT coalesce(bit_xor(hash(story_id, n_sources)), 0)::VARCHAR FROM (
    SELECT story_id, count(DISTINCT source) AS n_sources,
        count(*) FILTER (event_time >= $start AND event_time < $end) AS n_own
    FROM {rows} WHERE symbol = $symbol AND event_time >= $around_start AND event_time < $around_end
    GROUP BY story_id
) WHERE n_own > 0
"""


class _Member(NamedTuple):
    """One text of a story."""

    message_id: str
    story_id: str
    story_time_us: int
    source: str


def pin_stories(stores: "Stores", pinned: PinnedQuery) -> PinnedQuery:
    """Return the same question about stories: its table is gold_story with all that gold_sentiment holds beyond it.

    Raises: StoriesBehindError, FileGoneError.
    """
    gold, made = pinned.table, pinned.stories
    if made is None:
        raise ValueError(f"{pinned.query.series.name} has no stories")
    table = stores.stories.complete(gold, made, pinned.query.symbol)
    return PinnedQuery(
        query=replace(pinned.query, series=STORY),
        snapshot=replace(pinned.snapshot, tables={GOLD_STORY.name: table}),
        cuts={GOLD_STORY.name: pinned.position(gold)},
        markets=pinned.markets,
        market=None,
    )


def read_stories(
    stores: "Stores", pinned: PinnedQuery, texts: Sequence[tuple[str, int]]
) -> list[tuple[str | None, int | None]] | None:
    """Return (story id, number of sources) of each (message id, event time); None where stories are too far behind."""
    if not texts:
        return []
    try:
        stories = pin_stories(stores, pinned)
    except StoriesBehindError:
        return None
    ids, times_us = zip(*texts, strict=True)
    own = _Wanted("message_id", ids, STORY.time_column, times_us)
    members = own.read(stores, stories, TimeRange(min(times_us), max(times_us) + 1))
    story_of = {member.message_id: member.story_id for member in members}
    n_sources = _count_sources(stores, stories, members)
    return [_NO_STORY if id_ not in story_of else (story_of[id_], n_sources[story_of[id_]]) for id_ in ids]


def fingerprint_stories(stores: "Stores", pinned: PinnedQuery) -> str:
    """Return a text that stays the same as long as the stories of all rows of the range, and their sources, do."""
    try:
        stories = pin_stories(stores, pinned)
    except StoriesBehindError:
        return ""
    time_range = pinned.query.time_range
    around = TimeRange(time_range.start_us - REACH_US, time_range.end_us + REACH_US)
    rows = stores.session.fetch_rows(
        _FINGERPRINT,
        stories.select(around).paths,
        spec=GOLD_STORY,
        before=stories.cut(stories.table),
        tail=stories.table.tail_rows,
        symbol=stories.query.symbol,
        start=time_range.start_time,
        end=time_range.end_time,
        around_start=around.start_time,
        around_end=around.end_time,
    )
    return str(rows[0][0]) if rows else "0"


def _count_sources(stores: "Stores", stories: PinnedQuery, own: Sequence[_Member]) -> Mapping[str, int]:
    if not own:
        return {}
    times_us = [member.story_time_us for member in own]
    around = TimeRange(min(times_us) - WINDOW_US, max(times_us) + WINDOW_US + 1)
    wanted = _Wanted("story_id", [member.story_id for member in own], "story_time", times_us)
    sources: dict[str, set[str]] = {}
    for member in wanted.read(stores, stories, around):
        sources.setdefault(member.story_id, set()).add(member.source)
    return {story_id: len(of_story) for story_id, of_story in sources.items()}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Texts by an id, which have an instant with it: in memory instants are compared before texts are taken."""

    column: str
    ids: Sequence[str]
    time_column: str
    times_us: Sequence[int]

    def read(self, stores: "Stores", stories: PinnedQuery, time_range: TimeRange) -> list[_Member]:
        """Return those of a range."""
        table, ids = stories.table, set(self.ids)
        columns = stores.columns.load(table, STORY, stories.query.symbol, time_range, with_text=True)
        if columns is None:
            return self._read_files(stores, stories, time_range)
        selected = columns.select(time_range, equal={}, before=stories.cut(table))
        rows = selected.at_instants(
            self.time_column, np.array(self.times_us, dtype=np.int64), _MEMBER_COLUMNS
        )
        members = (_Member(*row) for row in rows)
        return [member for member in members if getattr(member, self.column) in ids]

    def _read_files(self, stores: "Stores", stories: PinnedQuery, time_range: TimeRange) -> list[_Member]:
        rows = stores.session.fetch_rows(
            _MEMBERS.replace("{column}", self.column),
            stories.select(time_range).paths,
            spec=GOLD_STORY,
            before=stories.cut(stories.table),
            tail=stories.table.tail_rows,
            symbol=stories.query.symbol,
            start=time_range.start_time,
            end=time_range.end_time,
            ids=list(set(self.ids)),
        )
        return [_Member(*row) for row in rows]
